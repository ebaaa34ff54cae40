// Licensed under the Apache License, Version 2.0: see LICENSE.
//
// The steps of a process.
//
// Source: the interface of Apache Airavata, releases 0.17 to 0.21, and as of 2026-03 what it adds to them.

include "../applications/application_io.thrift"
include "jobs.thrift"
include "statuses.thrift"
include "../foundation/error_reports.thrift"
include "../resources/compute_resources.thrift"
include "../resources/data_movement.thrift"

namespace py airavata_thrift.tasks
namespace java org.apache.airavata.model.task
namespace php Airavata.Model.Task
namespace cpp apache.airavata.model.task

/** What a task does. */
enum TaskTypes {
  ENV_SETUP = 0,
  DATA_STAGING = 1,
  JOB_SUBMISSION = 2,
  ENV_CLEANUP = 3,
  MONITORING = 4,
  OUTPUT_FETCHING = 5,
}

/** Which way a staging task moves files. */
enum DataStageType {
  INPUT = 0,
  OUPUT = 1,
  ARCHIVE_OUTPUT = 2,
}

/** A step of a process. subTaskModel has one of the structs below, serialised with the binary protocol. */
struct TaskModel {
  1: required string taskId = "DO_NOT_SET_AT_CLIENTS",
  2: required TaskTypes taskType,
  3: required string parentProcessId,
  4: required i64 creationTime,
  5: required i64 lastUpdateTime,
  6: required list<statuses.TaskStatus> taskStatuses,
  7: optional string taskDetail,
  8: optional binary subTaskModel,
  9: optional list<error_reports.ErrorModel> taskErrors,
  10: optional list<jobs.JobModel> jobs,
  11: optional i32 maxRetry,
  12: optional i32 currentRetry,
}

/**
 * Moves the files of an input or output. The times in milliseconds since 1970, transferRate in text as the mover wrote
 * it.
 */
struct DataStagingTaskModel {
  1: required string source,
  2: required string destination,
  3: required DataStageType type,
  4: optional i64 transferStartTime,
  5: optional i64 transferEndTime,
  6: optional string transferRate,
  7: optional application_io.InputDataObjectType processInput,
  8: optional application_io.OutputDataObjectType processOutput,
}

/** Makes the working directory. */
struct EnvironmentSetupTaskModel {
  1: required string location,
  2: required data_movement.SecurityProtocol protocol,
}

/** Submits a job. wallTime in minutes. */
struct JobSubmissionTaskModel {
  1: required compute_resources.JobSubmissionProtocol jobSubmissionProtocol,
  2: required compute_resources.MonitorMode monitorMode,
  3: optional i32 wallTime,
}

/** Watches a job until it is over. */
struct MonitorTaskModel {
  1: required compute_resources.MonitorMode monitorMode,
}
