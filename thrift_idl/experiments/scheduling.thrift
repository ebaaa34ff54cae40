// Licensed under the Apache License, Version 2.0: see LICENSE.
//
// What a job asks of a compute resource.
//
// Source: the interface of Apache Airavata, releases 0.17 to 0.21, and as of 2026-03 what it adds to them.

namespace py airavata_thrift.scheduling
namespace java org.apache.airavata.model.scheduling
namespace php Airavata.Model.Scheduling
namespace cpp apache.airavata.model.scheduling

/** Where a job runs and what it may use. wallTimeLimit in minutes, totalPhysicalMemory in MB. */
struct ComputationalResourceSchedulingModel {
  1: optional string resourceHostId,
  2: optional i32 totalCPUCount,
  3: optional i32 nodeCount,
  4: optional i32 numberOfThreads,
  5: optional string queueName,
  6: optional i32 wallTimeLimit,
  7: optional i32 totalPhysicalMemory,
  8: optional string chessisNumber,
  9: optional string staticWorkingDir,
  10: optional string overrideLoginUserName,
  11: optional string overrideScratchLocation,
  12: optional string overrideAllocationProjectNumber,
  13: optional i32 mGroupCount,
}
