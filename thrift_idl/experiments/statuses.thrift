// Licensed under the Apache License, Version 2.0: see LICENSE.
//
// States of experiments, processes, tasks, jobs and queues.
//
// Source: the interface of Apache Airavata, releases 0.17 to 0.21, and as of 2026-03 what it adds to them.

namespace py airavata_thrift.statuses
namespace java org.apache.airavata.model.status
namespace php Airavata.Model.Status
namespace cpp apache.airavata.model.status

/** State of an experiment. */
enum ExperimentState {
  CREATED = 0,
  VALIDATED = 1,
  SCHEDULED = 2,
  LAUNCHED = 3,
  EXECUTING = 4,
  CANCELING = 5,
  CANCELED = 6,
  COMPLETED = 7,
  FAILED = 8,
}

/** State of a task. */
enum TaskState {
  CREATED = 0,
  EXECUTING = 1,
  COMPLETED = 2,
  FAILED = 3,
  CANCELED = 4,
}

/** State of a process. The last three came with 0.21. */
enum ProcessState {
  CREATED = 0,
  VALIDATED = 1,
  STARTED = 2,
  PRE_PROCESSING = 3,
  CONFIGURING_WORKSPACE = 4,
  INPUT_DATA_STAGING = 5,
  EXECUTING = 6,
  MONITORING = 7,
  OUTPUT_DATA_STAGING = 8,
  POST_PROCESSING = 9,
  COMPLETED = 10,
  FAILED = 11,
  CANCELLING = 12,
  CANCELED = 13,
  QUEUED = 14,
  DEQUEUING = 15,
  REQUEUED = 16,
}

/** State of a job at its batch system. The last one came with 0.19. */
enum JobState {
  SUBMITTED = 0,
  QUEUED = 1,
  ACTIVE = 2,
  COMPLETE = 3,
  CANCELED = 4,
  FAILED = 5,
  SUSPENDED = 6,
  UNKNOWN = 7,
  NON_CRITICAL_FAIL = 8,
}

/** A state that an experiment had, and why. timeOfStateChange in milliseconds since 1970. */
struct ExperimentStatus {
  1: required ExperimentState state,
  2: optional i64 timeOfStateChange,
  3: optional string reason,
  4: optional string statusId,
}

/** A state that a process had, and why. timeOfStateChange in milliseconds since 1970. */
struct ProcessStatus {
  1: required ProcessState state,
  2: optional i64 timeOfStateChange,
  3: optional string reason,
  4: optional string statusId,
  5: optional string processId,
}

/** A state that a task had, and why. timeOfStateChange in milliseconds since 1970. */
struct TaskStatus {
  1: required TaskState state,
  2: optional i64 timeOfStateChange,
  3: optional string reason,
  4: optional string statusId,
}

/** A state that a job had, and why. timeOfStateChange in milliseconds since 1970. */
struct JobStatus {
  1: required JobState jobState,
  2: optional i64 timeOfStateChange,
  3: optional string reason,
  4: optional string statusId,
}

/** How busy a queue of a compute resource was at a moment, in milliseconds since 1970. */
struct QueueStatusModel {
  1: required string hostName,
  2: required string queueName,
  3: required bool queueUp,
  4: required i32 runningJobs,
  5: required i32 queuedJobs,
  6: required i64 time,
}
