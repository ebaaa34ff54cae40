// Licensed under the Apache License, Version 2.0: see LICENSE.
//
// The service of stored workflows, called on a port of its own since 2025.
//
// Source: the interface of Apache Airavata as of 2025-11 and 2026-03; no release before declares it in a form that
// compiles.

include "../experiments/workflow_graphs.thrift"
include "../foundation/api_errors.thrift"

namespace py airavata_thrift.workflow_api
namespace java org.apache.airavata.api.workflow
namespace php Airavata.API.Workflow
namespace cpp airavata.api.workflow

/** Version of this service. */
const string WORKFLOW_API_VERSION = "0.18.0"

/** Stores workflows and gives them back; the same seven methods stood in Airavata up to 0.17. */
service Workflow {
  string getAPIVersion(),
  list<string> getAllWorkflows()
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase
    ),
  workflow_graphs.WorkflowModel getWorkflow(1: required string workflowTemplateId)
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase
    ),
  void deleteWorkflow(1: required string workflowTemplateId)
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase
    ),
  string registerWorkflow(1: required workflow_graphs.WorkflowModel workflow)
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase
    ),
  void updateWorkflow(1: required string workflowTemplateId, 2: required workflow_graphs.WorkflowModel workflow)
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase
    ),
  string getWorkflowTemplateId(1: required string workflowName)
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase
    ),
  bool isWorkflowExistWithName(1: required string workflowName)
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase
    ),
}
