// Licensed under the Apache License, Version 2.0: see LICENSE.
//
// What a batch system runs for a task.
//
// Source: the interface of Apache Airavata, releases 0.17 to 0.21, and as of 2026-03 what it adds to them.

include "statuses.thrift"

namespace py airavata_thrift.jobs
namespace java org.apache.airavata.model.job
namespace php Airavata.Model.Job
namespace cpp apache.airavata.model.job

/** A job: its id at the batch system, its states, and where its output is. */
struct JobModel {
  1: required string jobId,
  2: required string taskId,
  3: required string processId,
  4: required string jobDescription,
  5: optional i64 creationTime,
  6: optional list<statuses.JobStatus> jobStatuses,
  7: optional string computeResourceConsumed,
  8: optional string jobName,
  9: optional string workingDir,
  10: optional string stdOut,
  11: optional string stdErr,
  12: optional i32 exitCode,
}
