// Licensed under the Apache License, Version 2.0: see LICENSE.
//
// An attempt to run an experiment on one compute resource.
//
// Source: the interface of Apache Airavata, releases 0.17 to 0.21, and as of 2026-03 what it adds to them.

include "../applications/application_io.thrift"
include "scheduling.thrift"
include "statuses.thrift"
include "tasks.thrift"
include "../foundation/error_reports.thrift"

namespace py airavata_thrift.processes
namespace java org.apache.airavata.model.process
namespace php Airavata.Model.Process
namespace cpp apache.airavata.model.process

/** The workflow that carries out a process inside the server. */
struct ProcessWorkflow {
  1: required string processId,
  2: required string workflowId,
  3: optional i64 creationTime,
  4: optional string type,
}

/**
 * One attempt to run an experiment: resource, inputs, outputs, tasks and states. Since November 2025 the fields from 20
 * on have other ids.
 */
struct ProcessModel {
  1: required string processId = "DO_NOT_SET_AT_CLIENTS",
  2: required string experimentId,
  3: optional i64 creationTime,
  4: optional i64 lastUpdateTime,
  5: optional list<statuses.ProcessStatus> processStatuses,
  6: optional string processDetail,
  7: optional string applicationInterfaceId,
  8: optional string applicationDeploymentId,
  9: optional string computeResourceId,
  10: optional list<application_io.InputDataObjectType> processInputs,
  11: optional list<application_io.OutputDataObjectType> processOutputs,
  12: optional scheduling.ComputationalResourceSchedulingModel processResourceSchedule,
  13: optional list<tasks.TaskModel> tasks,
  14: optional string taskDag,
  15: optional list<error_reports.ErrorModel> processErrors,
  16: optional string gatewayExecutionId,
  17: optional bool enableEmailNotification,
  18: optional list<string> emailAddresses,
  19: optional string storageResourceId,
  20: optional string userDn,
  21: optional bool generateCert = false,
  22: optional string experimentDataDir,
  23: optional string userName,
  24: optional bool useUserCRPref,
  25: optional string groupResourceProfileId,
  26: optional list<ProcessWorkflow> processWorkflows,
  /**
   * Ours, on no classic wire: where outputs go since November 2025, when storageResourceId became the storage of the
   * inputs alone.
   */
  28: optional string outputStorageResourceId,
}
