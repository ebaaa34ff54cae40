// Licensed under the Apache License, Version 2.0: see LICENSE.
//
// Messages between the services over the broker. Each event stands serialised inside a Message.
//
// Source: the interface of Apache Airavata, releases 0.17 to 0.21, and as of 2026-03 what it adds to them.

include "../applications/application_io.thrift"
include "../experiments/statuses.thrift"

namespace py airavata_thrift.messages
namespace java org.apache.airavata.model.messaging.event
namespace php Airavata.Model.Messaging.Event
namespace cpp apache.airavata.model.messaging.event

/** How important a message is. */
enum MessageLevel {
  INFO = 0,
  DEBUG = 1,
  ERROR = 2,
  ACK = 3,
}

/** What is in a message's event. */
enum MessageType {
  EXPERIMENT = 0,
  EXPERIMENT_CANCEL = 1,
  TASK = 2,
  PROCESS = 3,
  JOB = 4,
  LAUNCHPROCESS = 5,
  TERMINATEPROCESS = 6,
  PROCESSOUTPUT = 7,
  DB_EVENT = 8,
  INTERMEDIATE_OUTPUTS = 9,
}

/** An experiment has reached a state. */
struct ExperimentStatusChangeEvent {
  1: required statuses.ExperimentState state,
  2: required string experimentId,
  3: required string gatewayId,
}

/** A process and what it belongs to. */
struct ProcessIdentifier {
  1: required string processId,
  2: required string experimentId,
  3: required string gatewayId,
}

/** A task and what it belongs to. */
struct TaskIdentifier {
  1: required string taskId,
  2: required string processId,
  3: required string experimentId,
  4: required string gatewayId,
}

/** A task has reached a state. */
struct TaskStatusChangeEvent {
  1: required statuses.TaskState state,
  2: required TaskIdentifier taskIdentity,
}

/** Somebody asks that a task be set to a state. */
struct TaskStatusChangeRequestEvent {
  1: required statuses.TaskState state,
  2: required TaskIdentifier taskIdentity,
}

/** A process has reached a state. */
struct ProcessStatusChangeEvent {
  1: required statuses.ProcessState state,
  2: required ProcessIdentifier processIdentity,
}

/** Somebody asks that a process be set to a state. */
struct ProcessStatusChangeRequestEvent {
  1: required statuses.ProcessState state,
  2: required ProcessIdentifier processIdentity,
}

/** A task has outputs to show. */
struct TaskOutputChangeEvent {
  1: required list<application_io.OutputDataObjectType> output,
  2: required TaskIdentifier taskIdentity,
}

/** A job of a batch system and what it belongs to. */
struct JobIdentifier {
  1: required string jobId,
  2: required string taskId,
  3: required string processId,
  4: required string experimentId,
  5: required string gatewayId,
}

/** An experiment is to be launched. */
struct ExperimentSubmitEvent {
  1: required string experimentId,
  2: required string gatewayId,
}

/** A process is to be run, with the credential token to use. */
struct ProcessSubmitEvent {
  1: required string processId,
  2: required string gatewayId,
  3: required string experimentId,
  4: required string tokenId,
}

/** A process is to be cancelled. */
struct ProcessTerminateEvent {
  1: required string processId,
  2: required string gatewayId,
  3: required string tokenId,
}

/** A job has reached a state. */
struct JobStatusChangeEvent {
  1: required statuses.JobState state,
  2: required JobIdentifier jobIdentity,
}

/** Somebody asks that a job be set to a state. */
struct JobStatusChangeRequestEvent {
  1: required statuses.JobState state,
  2: required JobIdentifier jobIdentity,
}

/** Outputs of a running experiment are to be fetched. */
struct ExperimentIntermediateOutputsEvent {
  1: required string experimentId,
  2: required string gatewayId,
  3: required list<string> outputNames,
}

/** The envelope: the event's bytes, its type and its id. updatedTime in milliseconds since 1970. */
struct Message {
  1: required binary event,
  2: required string messageId = "DO_NOT_SET_AT_CLIENTS",
  3: required MessageType messageType,
  4: optional i64 updatedTime,
  5: optional MessageLevel messageLevel,
}
