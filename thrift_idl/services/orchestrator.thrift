// Licensed under the Apache License, Version 2.0: see LICENSE.
//
// The service that launches experiments. Internal.
//
// Source: the interface of Apache Airavata, releases 0.17 to 0.21, and as of 2026-03 what it adds to them.

include "../experiments/processes.thrift"
include "../foundation/api_errors.thrift"

namespace py airavata_thrift.orchestrator
namespace java org.apache.airavata.orchestrator.cpi

/** Version of this service. */
const string ORCHESTRATOR_CPI_VERSION = "0.18.0"

/** Validates, launches and terminates experiments and processes. */
service OrchestratorService {
  string getAPIVersion(),
  bool launchExperiment(1: required string experimentId, 2: required string gatewayId),
  bool launchProcess(
    1: required string processId,
    2: required string airavataCredStoreToken,
    3: required string gatewayId
  ),
  bool validateExperiment(1: required string experimentId) throws (1: api_errors.LaunchValidationException lve),
  bool validateProcess(1: required string experimentId, 2: required list<processes.ProcessModel> processes)
    throws (1: api_errors.LaunchValidationException lve),
  bool terminateExperiment(1: required string experimentId, 2: required string gatewayId),
  string getOrchestratorCPIVersion(),
}
