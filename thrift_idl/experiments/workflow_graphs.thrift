// Licensed under the Apache License, Version 2.0: see LICENSE.
//
// Workflows that are stored to be run again, as the graph that a composer drew.
//
// Source: the interface of Apache Airavata, releases 0.17 to 0.21, and as of 2026-03 what it adds to them.

include "../applications/application_io.thrift"

namespace py airavata_thrift.workflow_graphs
namespace java org.apache.airavata.model
namespace php Airavata.Model

/** State of a workflow that is run. */
enum WorkflowState {
  CREATED = 0,
  STARTED = 1,
  EXECUTING = 2,
  COMPLETED = 3,
  FAILED = 4,
  CANCELLING = 5,
  CANCELED = 6,
}

/** State of a node, port or edge. */
enum ComponentState {
  CREATED = 0,
  WAITING = 1,
  READY = 2,
  RUNNING = 3,
  COMPLETED = 4,
  FAILED = 5,
  CANCELED = 6,
}

/** A stored workflow: its graph as text, its picture, inputs and outputs. creationTime in milliseconds since 1970. */
struct WorkflowModel {
  1: required string templateId = "DO_NOT_SET_AT_CLIENTS",
  2: required string name,
  3: required string graph,
  4: required string gatewayId,
  5: required string createdUser,
  6: optional binary image,
  7: optional list<application_io.InputDataObjectType> workflowInputs,
  8: optional list<application_io.OutputDataObjectType> workflowOutputs,
  9: optional i64 creationTime,
}

/** A state of a node, port or edge, and why. */
struct ComponentStatus {
  1: required ComponentState state = 0,
  2: optional string reason,
  3: optional i64 timeofStateChange,
}

/** A state of a workflow, and why. */
struct WorkflowStatus {
  1: required WorkflowState state,
  2: optional i64 timeOfStateChange,
  3: optional string reason,
}

/** A connection of a workflow's graph. */
struct EdgeModel {
  1: required string edgeId = "DO_NOT_SET_AT_CLIENTS",
  2: optional string name,
  3: optional ComponentStatus status,
  4: optional string description,
}

/** Where a connection meets a node. */
struct PortModel {
  1: required string portId = "DO_NOT_SET_AT_CLIENTS",
  2: optional string name,
  3: optional ComponentStatus status,
  4: optional string value,
  5: optional string description,
}

/** An application in a workflow's graph. */
struct NodeModel {
  1: required string nodeId = "DO_NOT_SET_AT_CLIENTS",
  2: optional string name,
  3: optional string applicationId,
  4: optional string applicationName,
  5: optional ComponentStatus status,
  6: optional string description,
}
