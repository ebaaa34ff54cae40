// Licensed under the Apache License, Version 2.0: see LICENSE.
//
// Clusters and other machines that run jobs, and the ways in.
//
// Source: the interface of Apache Airavata, releases 0.17 to 0.21, and as of 2026-03 what it adds to them.

include "../applications/parallelism.thrift"
include "data_movement.thrift"

namespace py airavata_thrift.compute_resources
namespace java org.apache.airavata.model.appcatalog.computeresource
namespace php Airavata.Model.AppCatalog.ComputeResource
namespace cpp apache.airavata.model.appcatalog.computeresource

/** Batch system of a compute resource. The last one came with 0.21. */
enum ResourceJobManagerType {
  FORK = 0,
  PBS = 1,
  SLURM = 2,
  LSF = 3,
  UGE = 4,
  CLOUD = 5,
  AIRAVATA_CUSTOM = 6,
  HTCONDOR = 7,
}

/** What a batch system is asked to do. The last three came with 0.21. */
enum JobManagerCommand {
  SUBMISSION = 0,
  JOB_MONITORING = 1,
  DELETION = 2,
  CHECK_JOB = 3,
  SHOW_QUEUE = 4,
  SHOW_RESERVATION = 5,
  SHOW_START = 6,
  SHOW_CLUSTER_INFO = 7,
  SHOW_NO_OF_RUNNING_JOBS = 8,
  SHOW_NO_OF_PENDING_JOBS = 9,
}

/** What a directory of a compute resource is for. */
enum FileSystems {
  HOME = 0,
  WORK = 1,
  LOCALTMP = 2,
  SCRATCH = 3,
  ARCHIVE = 4,
}

/** How jobs are handed to a compute resource. */
enum JobSubmissionProtocol {
  LOCAL = 0,
  SSH = 1,
  GLOBUS = 2,
  UNICORE = 3,
  CLOUD = 4,
  SSH_FORK = 5,
  LOCAL_FORK = 6,
}

/** How the state of jobs is learnt. */
enum MonitorMode {
  POLL_JOB_MANAGER = 0,
  CLOUD_JOB_MONITOR = 1,
  JOB_EMAIL_NOTIFICATION_MONITOR = 2,
  XSEDE_AMQP_SUBSCRIBE = 3,
  FORK = 4,
  LOCAL = 5,
}

/** Whose data movement interface is meant; the same enum stands in data_movement. */
enum DMType {
  COMPUTE_RESOURCE = 0,
  STORAGE_RESOURCE = 1,
}

/** Operator of a cloud. */
enum ProviderName {
  EC2 = 0,
  AWSEC2 = 1,
  RACKSPACE = 2,
}

/** Batch system of a compute resource with the commands and prefixes that it takes there. */
struct ResourceJobManager {
  1: required string resourceJobManagerId = "DO_NOT_SET_AT_CLIENTS",
  2: required ResourceJobManagerType resourceJobManagerType,
  3: optional string pushMonitoringEndpoint,
  4: optional string jobManagerBinPath,
  5: optional map<JobManagerCommand, string> jobManagerCommands,
  6: optional map<parallelism.ApplicationParallelismType, string> parallelismPrefix,
}

/**
 * A queue and its limits. maxRunTime and defaultWalltime in minutes, maxMemory in MB. In April 2017 isDefaultQueue had
 * id 11 and the two before it did not exist.
 */
struct BatchQueue {
  1: required string queueName,
  2: optional string queueDescription,
  3: optional i32 maxRunTime,
  4: optional i32 maxNodes,
  5: optional i32 maxProcessors,
  6: optional i32 maxJobsInQueue,
  7: optional i32 maxMemory,
  8: optional i32 cpuPerNode,
  9: optional i32 defaultNodeCount,
  10: optional i32 defaultCPUCount,
  11: optional i32 defaultWalltime,
  12: optional string queueSpecificMacros,
  13: optional bool isDefaultQueue,
}

/** Jobs start on the machine of the server. */
struct LOCALSubmission {
  1: required string jobSubmissionInterfaceId = "DO_NOT_SET_AT_CLIENTS",
  2: required ResourceJobManager resourceJobManager,
  3: required data_movement.SecurityProtocol securityProtocol,
}

/** Jobs are submitted by commands over SSH. */
struct SSHJobSubmission {
  1: required string jobSubmissionInterfaceId = "DO_NOT_SET_AT_CLIENTS",
  2: required data_movement.SecurityProtocol securityProtocol,
  3: required ResourceJobManager resourceJobManager,
  4: optional string alternativeSSHHostName,
  5: optional i32 sshPort = 22,
  6: optional MonitorMode monitorMode,
  7: optional list<string> batchQueueEmailSenders,
}

/** Jobs are submitted through Globus. */
struct GlobusJobSubmission {
  1: required string jobSubmissionInterfaceId = "DO_NOT_SET_AT_CLIENTS",
  2: required data_movement.SecurityProtocol securityProtocol,
  3: optional list<string> globusGateKeeperEndPoint,
}

/** Jobs are submitted through UNICORE. */
struct UnicoreJobSubmission {
  1: required string jobSubmissionInterfaceId = "DO_NOT_SET_AT_CLIENTS",
  2: required data_movement.SecurityProtocol securityProtocol,
  3: required string unicoreEndPointURL,
}

/** Jobs run on machines of a cloud. */
struct CloudJobSubmission {
  1: required string jobSubmissionInterfaceId = "DO_NOT_SET_AT_CLIENTS",
  2: required data_movement.SecurityProtocol securityProtocol,
  3: required string nodeId,
  4: required string executableType,
  5: required ProviderName providerName,
  6: required string userAccountName,
}

/** One way to hand jobs to a compute resource; the details stand under its id. */
struct JobSubmissionInterface {
  1: required string jobSubmissionInterfaceId,
  2: required JobSubmissionProtocol jobSubmissionProtocol,
  3: required i32 priorityOrder = 0,
}

/** A compute resource: its addresses, queues, file systems and ways in. */
struct ComputeResourceDescription {
  1: required string computeResourceId = "DO_NOT_SET_AT_CLIENTS",
  2: required string hostName,
  3: optional list<string> hostAliases,
  4: optional list<string> ipAddresses,
  5: optional string resourceDescription,
  6: optional bool enabled,
  7: optional list<BatchQueue> batchQueues,
  8: optional map<FileSystems, string> fileSystems,
  9: optional list<JobSubmissionInterface> jobSubmissionInterfaces,
  10: optional list<data_movement.DataMovementInterface> dataMovementInterfaces,
  11: optional i32 maxMemoryPerNode,
  12: optional bool gatewayUsageReporting,
  13: optional string gatewayUsageModuleLoadCommand,
  14: optional string gatewayUsageExecutable,
  15: optional i32 cpusPerNode,
  16: optional i32 defaultNodeCount,
  17: optional i32 defaultCPUCount,
  18: optional i32 defaultWalltime,
}
