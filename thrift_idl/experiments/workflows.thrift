// Licensed under the Apache License, Version 2.0: see LICENSE.
//
// A run of several applications that hand data on to one another, as one experiment.
//
// Source: the interface of Apache Airavata, releases 0.19 to 0.21, and as of 2026-03 what it adds to them.

include "../applications/application_io.thrift"
include "../foundation/error_reports.thrift"

namespace py airavata_thrift.workflows
namespace java org.apache.airavata.model.workflow
namespace php Airavata.Model.Workflow
namespace cpp apache.airavata.model.workflow

/** State of one application of a workflow. */
enum ApplicationState {
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

/** Whether an end of a connection is an application or a handler. */
enum ComponentType {
  APPLICATION = 0,
  HANDLER = 1,
}

/** What a handler is for: bringing the workflow's inputs in, or its outputs out. */
enum HandlerType {
  FLOW_STARTER = 0,
  FLOW_TERMINATOR = 1,
}

/** State of a handler. */
enum HandlerState {
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

/** State of a workflow as a whole. */
enum WorkflowState {
  CREATED = 0,
  VALIDATED = 1,
  SCHEDULED = 2,
  LAUNCHED = 3,
  EXECUTING = 4,
  PAUSING = 5,
  PAUSED = 6,
  RESTARTING = 7,
  CANCELING = 8,
  CANCELED = 9,
  COMPLETED = 10,
  FAILED = 11,
}

/** A state that an application of a workflow had, and since when. */
struct ApplicationStatus {
  1: optional string id,
  2: required ApplicationState state,
  3: optional string description,
  4: optional i64 updatedAt,
}

/** One application of a workflow: where and with what resources it runs. wallTimeLimit in minutes. */
struct WorkflowApplication {
  1: required string id,
  2: optional string processId,
  3: optional string applicationInterfaceId,
  4: optional string computeResourceId,
  5: optional string queueName,
  6: optional i32 nodeCount,
  7: optional i32 coreCount,
  8: optional i32 wallTimeLimit,
  9: optional i32 physicalMemory,
  10: optional list<ApplicationStatus> statuses,
  11: optional list<error_reports.ErrorModel> errors,
  12: optional i64 createdAt,
  13: optional i64 updatedAt,
}

/** A value on its way through a connection. */
struct DataBlock {
  1: required string id,
  2: optional string value,
  3: optional application_io.DataType type,
  4: optional i64 createdAt,
  5: optional i64 updatedAt,
}

/** Hands an output of one application or handler on as an input of another. */
struct WorkflowConnection {
  1: required string id = "DO_NOT_SET_AT_CLIENTS",
  2: optional DataBlock dataBlock,
  3: required ComponentType fromType,
  4: required string fromId,
  5: required string fromOutputName,
  6: required ComponentType toType,
  7: required string toId,
  8: required string toInputName,
  9: optional i64 createdAt,
  10: optional i64 updatedAt,
}

/** A state that a handler had, and since when. */
struct HandlerStatus {
  1: optional string id,
  2: required HandlerState state,
  3: optional string description,
  4: optional i64 updatedAt,
}

/** The start or the end of a workflow, with the inputs or outputs that pass through it. */
struct WorkflowHandler {
  1: required string id,
  2: required HandlerType type,
  3: optional list<application_io.InputDataObjectType> inputs,
  4: optional list<application_io.OutputDataObjectType> outputs,
  5: optional list<HandlerStatus> statuses,
  6: optional list<error_reports.ErrorModel> errors,
  7: optional i64 createdAt,
  8: optional i64 updatedAt,
}

/** A state that a workflow had, and since when. */
struct WorkflowStatus {
  1: optional string id,
  2: required WorkflowState state,
  3: optional string description,
  4: optional i64 updatedAt,
}

/** The workflow of an experiment: its applications, handlers and connections. */
struct AiravataWorkflow {
  1: required string id = "DO_NOT_SET_AT_CLIENTS",
  2: required string experimentId,
  3: optional string description,
  4: optional list<WorkflowApplication> applications,
  5: optional list<WorkflowHandler> handlers,
  6: optional list<WorkflowConnection> connections,
  7: optional list<WorkflowStatus> statuses,
  8: optional list<error_reports.ErrorModel> errors,
  9: optional i64 createdAt,
  10: optional i64 updatedAt,
}
