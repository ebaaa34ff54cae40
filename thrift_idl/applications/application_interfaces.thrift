// Licensed under the Apache License, Version 2.0: see LICENSE.
//
// How an application is called, wherever it runs.
//
// Source: the interface of Apache Airavata, releases 0.17 to 0.21, and as of 2026-03 what it adds to them.

include "application_io.thrift"

namespace py airavata_thrift.application_interfaces
namespace java org.apache.airavata.model.appcatalog.appinterface
namespace php Airavata.Model.AppCatalog.AppInterface
namespace cpp apache.airavata.model.appcatalog.appinterface

/** Inputs and outputs of an application, and the modules that it stands for. */
struct ApplicationInterfaceDescription {
  1: required string applicationInterfaceId = "DO_NOT_SET_AT_CLIENTS",
  2: required string applicationName,
  3: optional string applicationDescription,
  4: optional list<string> applicationModules,
  5: optional list<application_io.InputDataObjectType> applicationInputs,
  6: optional list<application_io.OutputDataObjectType> applicationOutputs,
  7: optional bool archiveWorkingDirectory = false,
  8: optional bool hasOptionalFileInputs,
  9: optional bool cleanAfterStaged = false,
}
