// Licensed under the Apache License, Version 2.0: see LICENSE.
//
// How an application is started on one compute resource.
//
// Source: the interface of Apache Airavata, releases 0.17 to 0.21, and as of 2026-03 what it adds to them.

include "parallelism.thrift"

namespace py airavata_thrift.application_deployments
namespace java org.apache.airavata.model.appcatalog.appdeployment
namespace php Airavata.Model.AppCatalog.AppDeployment
namespace cpp apache.airavata.model.appcatalog.appdeployment

/** One environment variable of a job; envPathOrder says which comes first. */
struct SetEnvPaths {
  1: required string name,
  2: required string value,
  3: optional i32 envPathOrder,
}

/** One line of a job script around the application: a module to load, a command before or after it. */
struct CommandObject {
  1: required string command,
  2: optional i32 commandOrder,
}

/** Name and version of a program, apart from how it is called and where it is installed. */
struct ApplicationModule {
  1: required string appModuleId = "DO_NOT_SET_AT_CLIENTS",
  2: required string appModuleName,
  3: optional string appModuleVersion,
  4: optional string appModuleDescription,
}

/**
 * An installation of an application on a compute resource: executable, modules, environment and defaults for its jobs.
 * In April 2017 the fields from 16 on had other ids.
 */
struct ApplicationDeploymentDescription {
  1: required string appDeploymentId = "DO_NOT_SET_AT_CLIENTS",
  2: required string appModuleId,
  3: required string computeHostId,
  4: required string executablePath,
  5: required parallelism.ApplicationParallelismType parallelism = 0,
  6: optional string appDeploymentDescription,
  7: optional list<CommandObject> moduleLoadCmds,
  8: optional list<SetEnvPaths> libPrependPaths,
  9: optional list<SetEnvPaths> libAppendPaths,
  10: optional list<SetEnvPaths> setEnvironment,
  11: optional list<CommandObject> preJobCommands,
  12: optional list<CommandObject> postJobCommands,
  13: optional string defaultQueueName,
  14: optional i32 defaultNodeCount,
  15: optional i32 defaultCPUCount,
  16: optional i32 defaultWalltime,
  17: optional bool editableByUser,
}
