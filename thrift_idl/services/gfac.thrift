// Licensed under the Apache License, Version 2.0: see LICENSE.
//
// The service that carried out processes up to 0.17. Internal.
//
// Source: the interface of Apache Airavata 0.16 and 0.17; 0.19 dropped it.

namespace py airavata_thrift.gfac
namespace java org.apache.airavata.gfac.cpi

/** Version of this service. */
const string GFAC_CPI_VERSION = "0.16.0"

/** Takes a process to run or to cancel, and answers whether it took it. */
service GfacService {
  string getGFACServiceVersion(),
  bool submitProcess(1: required string processId, 2: required string gatewayId, 3: required string tokenId),
  bool cancelProcess(1: required string processId, 2: required string gatewayId, 3: required string tokenId),
}
