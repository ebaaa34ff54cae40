// Licensed under the Apache License, Version 2.0: see LICENSE.
//
// What a user asks for, and summaries of it.
//
// Source: the interface of Apache Airavata, releases 0.17 to 0.21, and as of 2026-03 what it adds to them.

include "../applications/application_io.thrift"
include "processes.thrift"
include "scheduling.thrift"
include "statuses.thrift"
include "workflows.thrift"
include "../foundation/error_reports.thrift"

namespace py airavata_thrift.experiments
namespace java org.apache.airavata.model.experiment
namespace php Airavata.Model.Experiment
namespace cpp apache.airavata.model.experiment

/** Whether an experiment runs one application or a workflow. */
enum ExperimentType {
  SINGLE_APPLICATION = 0,
  WORKFLOW = 1,
}

/** What experiments can be searched by. The dates are in milliseconds since 1970, as text. */
enum ExperimentSearchFields {
  EXPERIMENT_NAME = 0,
  EXPERIMENT_DESC = 1,
  APPLICATION_ID = 2,
  FROM_DATE = 3,
  TO_DATE = 4,
  STATUS = 5,
  PROJECT_ID = 6,
  USER_NAME = 7,
  JOB_ID = 8,
}

/** What projects can be searched by. */
enum ProjectSearchFields {
  PROJECT_NAME = 0,
  PROJECT_DESCRIPTION = 1,
}

/** When the files of an experiment are removed from the compute resource. */
enum ExperimentCleanupStrategy {
  NONE = 0,
  ALWAYS = 1,
  ONLY_COMPLETED = 2,
  ONLY_FAILED = 3,
}

/** Where and how an experiment is to run. Since November 2025 the fields from 8 on have other ids. */
struct UserConfigurationDataModel {
  1: required bool airavataAutoSchedule = false,
  2: required bool overrideManualScheduledParams = false,
  3: optional bool shareExperimentPublicly = false,
  4: optional scheduling.ComputationalResourceSchedulingModel computationalResourceScheduling,
  5: optional bool throttleResources = false,
  6: optional string userDN,
  7: optional bool generateCert = false,
  8: optional string storageId,
  9: optional string experimentDataDir,
  10: optional bool useUserCRPref,
  11: optional string groupResourceProfileId,
  12: optional list<scheduling.ComputationalResourceSchedulingModel> autoScheduledCompResourceSchedulingList,
  /**
   * Ours, on no classic wire: where outputs go since November 2025, when storageId became the storage of the inputs
   * alone.
   */
  14: optional string outputStorageResourceId,
}

/**
 * One request of a user: what to run on which inputs, and everything that became of it. creationTime in milliseconds
 * since 1970.
 */
struct ExperimentModel {
  1: required string experimentId = "DO_NOT_SET_AT_CLIENTS",
  2: required string projectId,
  3: required string gatewayId,
  4: required ExperimentType experimentType = 0,
  5: required string userName,
  6: required string experimentName,
  7: optional i64 creationTime,
  8: optional string description,
  9: optional string executionId,
  10: optional string gatewayExecutionId,
  11: optional string gatewayInstanceId,
  12: optional bool enableEmailNotification,
  13: optional list<string> emailAddresses,
  14: optional UserConfigurationDataModel userConfigurationData,
  15: optional list<application_io.InputDataObjectType> experimentInputs,
  16: optional list<application_io.OutputDataObjectType> experimentOutputs,
  17: optional list<statuses.ExperimentStatus> experimentStatus,
  18: optional list<error_reports.ErrorModel> errors,
  19: optional list<processes.ProcessModel> processes,
  20: optional workflows.AiravataWorkflow workflow,
  21: optional ExperimentCleanupStrategy cleanUpStrategy = 0,
}

/** What a list of experiments shows of one. */
struct ExperimentSummaryModel {
  1: required string experimentId,
  2: required string projectId,
  3: required string gatewayId,
  4: optional i64 creationTime,
  5: required string userName,
  6: required string name,
  7: optional string description,
  8: optional string executionId,
  9: optional string resourceHostId,
  10: optional string experimentStatus,
  12: optional i64 statusUpdateTime,
}

/** Numbers of a gateway's experiments in a period, by outcome, with the experiments of each. */
struct ExperimentStatistics {
  1: required i32 allExperimentCount,
  2: required i32 completedExperimentCount,
  3: optional i32 cancelledExperimentCount,
  4: required i32 failedExperimentCount,
  5: required i32 createdExperimentCount,
  6: required i32 runningExperimentCount,
  7: required list<ExperimentSummaryModel> allExperiments,
  8: optional list<ExperimentSummaryModel> completedExperiments,
  9: optional list<ExperimentSummaryModel> failedExperiments,
  10: optional list<ExperimentSummaryModel> cancelledExperiments,
  11: optional list<ExperimentSummaryModel> createdExperiments,
  12: optional list<ExperimentSummaryModel> runningExperiments,
}
