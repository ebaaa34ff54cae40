// Licensed under the Apache License, Version 2.0: see LICENSE.
//
// The service that portals and SDKs call. Arguments that a generation dropped are kept as optional, so that one
// method serves every generation.
//
// Source: the interface of Apache Airavata, releases 0.17 to 0.21, and as of 2026-03 what it adds to them.

include "../applications/application_deployments.thrift"
include "../applications/application_interfaces.thrift"
include "../applications/application_io.thrift"
include "../applications/parsers.thrift"
include "../experiments/data_products.thrift"
include "../experiments/experiments.thrift"
include "../experiments/jobs.thrift"
include "../experiments/scheduling.thrift"
include "../experiments/statuses.thrift"
include "../experiments/workflow_graphs.thrift"
include "../foundation/api_errors.thrift"
include "../foundation/authorization.thrift"
include "../gateways/gateway_groups.thrift"
include "../gateways/workspaces.thrift"
include "../people/credentials.thrift"
include "../people/groups.thrift"
include "../profiles/gateway_resource_profiles.thrift"
include "../profiles/group_resource_profiles.thrift"
include "../profiles/user_resource_profiles.thrift"
include "../resources/account_provisioning.thrift"
include "../resources/compute_resources.thrift"
include "../resources/data_movement.thrift"
include "../resources/storage_resources.thrift"

namespace py airavata_thrift.airavata_api
namespace java org.apache.airavata.api
namespace php Airavata.API
namespace cpp apache.airavata.api

/** What getAPIVersion answers, since 0.19 and unchanged ever after. */
const string AIRAVATA_API_VERSION = "0.18.0"

/**
 * Everything that a gateway does: applications, resources, credentials, projects, experiments and their outcome. Every
 * method but getAPIVersion takes the caller's token first.
 */
service Airavata {
  // The service
  string getAPIVersion(1: authorization.AuthzToken authzToken)
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),

  // Parsers
  parsers.Parser getParser(
    1: required authorization.AuthzToken authzToken,
    2: required string parserId,
    3: required string gatewayId
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  string saveParser(1: required authorization.AuthzToken authzToken, 2: required parsers.Parser parser)
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  list<parsers.Parser> listAllParsers(1: required authorization.AuthzToken authzToken, 2: required string gatewayId)
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  bool removeParser(
    1: required authorization.AuthzToken authzToken,
    2: required string parserId,
    3: required string gatewayId
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  parsers.ParsingTemplate getParsingTemplate(
    1: required authorization.AuthzToken authzToken,
    2: required string templateId,
    3: required string gatewayId
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  list<parsers.ParsingTemplate> getParsingTemplatesForExperiment(
    1: required authorization.AuthzToken authzToken,
    2: required string experimentId,
    3: required string gatewayId
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  string saveParsingTemplate(
    1: required authorization.AuthzToken authzToken,
    2: required parsers.ParsingTemplate parsingTemplate
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  bool removeParsingTemplate(
    1: required authorization.AuthzToken authzToken,
    2: required string templateId,
    3: required string gatewayId
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  list<parsers.ParsingTemplate> listAllParsingTemplates(
    1: required authorization.AuthzToken authzToken,
    2: required string gatewayId
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),

  // Workflows
  list<string> getAllWorkflows(1: required authorization.AuthzToken authzToken, 2: required string gatewayId)
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  workflow_graphs.WorkflowModel getWorkflow(
    1: required authorization.AuthzToken authzToken,
    2: required string workflowTemplateId
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  void deleteWorkflow(1: required authorization.AuthzToken authzToken, 2: required string workflowTemplateId)
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  string registerWorkflow(
    1: required authorization.AuthzToken authzToken,
    2: required string gatewayId,
    3: required workflow_graphs.WorkflowModel workflow
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  void updateWorkflow(
    1: required authorization.AuthzToken authzToken,
    2: required string workflowTemplateId,
    3: required workflow_graphs.WorkflowModel workflow
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  string getWorkflowTemplateId(1: required authorization.AuthzToken authzToken, 2: required string workflowName)
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  bool isWorkflowExistWithName(1: required authorization.AuthzToken authzToken, 2: required string workflowName)
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),

  // Group resource profiles
  list<application_deployments.ApplicationDeploymentDescription> getApplicationDeploymentsForAppModuleAndGroupResourceProfile(
    1: required authorization.AuthzToken authzToken,
    2: required string appModuleId,
    3: required string groupResourceProfileId
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  string createGroupResourceProfile(
    1: required authorization.AuthzToken authzToken,
    2: required group_resource_profiles.GroupResourceProfile groupResourceProfile
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  void updateGroupResourceProfile(
    1: required authorization.AuthzToken authzToken,
    2: required group_resource_profiles.GroupResourceProfile groupResourceProfile
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  group_resource_profiles.GroupResourceProfile getGroupResourceProfile(
    1: required authorization.AuthzToken authzToken,
    2: required string groupResourceProfileId
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  bool removeGroupResourceProfile(
    1: required authorization.AuthzToken authzToken,
    2: required string groupResourceProfileId
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  list<group_resource_profiles.GroupResourceProfile> getGroupResourceList(
    1: required authorization.AuthzToken authzToken,
    2: required string gatewayId
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  bool removeGroupComputePrefs(
    1: required authorization.AuthzToken authzToken,
    2: required string computeResourceId,
    3: required string groupResourceProfileId
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  bool removeGroupComputeResourcePolicy(
    1: required authorization.AuthzToken authzToken,
    2: required string resourcePolicyId
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  bool removeGroupBatchQueueResourcePolicy(
    1: required authorization.AuthzToken authzToken,
    2: required string resourcePolicyId
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  group_resource_profiles.GroupComputeResourcePreference getGroupComputeResourcePreference(
    1: required authorization.AuthzToken authzToken,
    2: required string computeResourceId,
    3: required string groupResourceProfileId
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  group_resource_profiles.ComputeResourcePolicy getGroupComputeResourcePolicy(
    1: required authorization.AuthzToken authzToken,
    2: required string resourcePolicyId
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  group_resource_profiles.BatchQueueResourcePolicy getBatchQueueResourcePolicy(
    1: required authorization.AuthzToken authzToken,
    2: required string resourcePolicyId
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  list<group_resource_profiles.GroupComputeResourcePreference> getGroupComputeResourcePrefList(
    1: required authorization.AuthzToken authzToken,
    2: required string groupResourceProfileId
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  list<group_resource_profiles.BatchQueueResourcePolicy> getGroupBatchQueueResourcePolicyList(
    1: required authorization.AuthzToken authzToken,
    2: required string groupResourceProfileId
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  list<group_resource_profiles.ComputeResourcePolicy> getGroupComputeResourcePolicyList(
    1: required authorization.AuthzToken authzToken,
    2: required string groupResourceProfileId
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),

  // User resource profiles and accounts
  list<account_provisioning.SSHAccountProvisioner> getSSHAccountProvisioners(
    1: required authorization.AuthzToken authzToken
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  bool doesUserHaveSSHAccount(
    1: required authorization.AuthzToken authzToken,
    2: required string computeResourceId,
    3: required string userId
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  bool isSSHSetupCompleteForUserComputeResourcePreference(
    1: required authorization.AuthzToken authzToken,
    2: required string computeResourceId,
    3: required string airavataCredStoreToken
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  user_resource_profiles.UserComputeResourcePreference setupUserComputeResourcePreferencesForSSH(
    1: required authorization.AuthzToken authzToken,
    2: required string computeResourceId,
    3: required string userId,
    4: required string airavataCredStoreToken
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  string registerUserResourceProfile(
    1: required authorization.AuthzToken authzToken,
    2: required user_resource_profiles.UserResourceProfile userResourceProfile
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  bool isUserResourceProfileExists(
    1: required authorization.AuthzToken authzToken,
    2: required string userId,
    3: required string gatewayID
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  user_resource_profiles.UserResourceProfile getUserResourceProfile(
    1: required authorization.AuthzToken authzToken,
    2: required string userId,
    3: required string gatewayID
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  bool updateUserResourceProfile(
    1: required authorization.AuthzToken authzToken,
    2: required string userId,
    3: required string gatewayID,
    4: required user_resource_profiles.UserResourceProfile userResourceProfile
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  bool deleteUserResourceProfile(
    1: required authorization.AuthzToken authzToken,
    2: required string userId,
    3: required string gatewayID
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  bool addUserComputeResourcePreference(
    1: required authorization.AuthzToken authzToken,
    2: required string userId,
    3: required string gatewayID,
    4: required string userComputeResourceId,
    5: required user_resource_profiles.UserComputeResourcePreference userComputeResourcePreference
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  bool addUserStoragePreference(
    1: required authorization.AuthzToken authzToken,
    2: required string userId,
    3: required string gatewayID,
    4: required string userStorageResourceId,
    5: required user_resource_profiles.UserStoragePreference userStoragePreference
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  user_resource_profiles.UserComputeResourcePreference getUserComputeResourcePreference(
    1: required authorization.AuthzToken authzToken,
    2: required string userId,
    3: required string gatewayID,
    4: required string userComputeResourceId
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  user_resource_profiles.UserStoragePreference getUserStoragePreference(
    1: required authorization.AuthzToken authzToken,
    2: required string userId,
    3: required string gatewayID,
    4: required string userStorageResourceId
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  list<user_resource_profiles.UserComputeResourcePreference> getAllUserComputeResourcePreferences(
    1: required authorization.AuthzToken authzToken,
    2: required string userId,
    3: required string gatewayID
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  list<user_resource_profiles.UserStoragePreference> getAllUserStoragePreferences(
    1: required authorization.AuthzToken authzToken,
    2: required string userId,
    3: required string gatewayID
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  list<user_resource_profiles.UserResourceProfile> getAllUserResourceProfiles(
    1: required authorization.AuthzToken authzToken
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  bool updateUserComputeResourcePreference(
    1: required authorization.AuthzToken authzToken,
    2: required string userId,
    3: required string gatewayID,
    4: required string userComputeResourceId,
    5: required user_resource_profiles.UserComputeResourcePreference userComputeResourcePreference
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  bool updateUserStoragePreference(
    1: required authorization.AuthzToken authzToken,
    2: required string userId,
    3: required string gatewayID,
    4: required string userStorageId,
    5: required user_resource_profiles.UserStoragePreference userStoragePreference
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  bool deleteUserComputeResourcePreference(
    1: required authorization.AuthzToken authzToken,
    2: required string userId,
    3: required string gatewayID,
    4: required string userComputeResourceId
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  bool deleteUserStoragePreference(
    1: required authorization.AuthzToken authzToken,
    2: required string userId,
    3: required string gatewayID,
    4: required string userStorageId
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),

  // Gateway resource profiles
  string registerGatewayResourceProfile(
    1: required authorization.AuthzToken authzToken,
    2: required gateway_resource_profiles.GatewayResourceProfile gatewayResourceProfile
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  gateway_resource_profiles.GatewayResourceProfile getGatewayResourceProfile(
    1: required authorization.AuthzToken authzToken,
    2: required string gatewayID
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  bool updateGatewayResourceProfile(
    1: required authorization.AuthzToken authzToken,
    2: required string gatewayID,
    3: required gateway_resource_profiles.GatewayResourceProfile gatewayResourceProfile
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  bool deleteGatewayResourceProfile(1: required authorization.AuthzToken authzToken, 2: required string gatewayID)
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  bool addGatewayComputeResourcePreference(
    1: required authorization.AuthzToken authzToken,
    2: required string gatewayID,
    3: required string computeResourceId,
    4: required gateway_resource_profiles.ComputeResourcePreference computeResourcePreference
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  bool addGatewayStoragePreference(
    1: required authorization.AuthzToken authzToken,
    2: required string gatewayID,
    3: required string storageResourceId,
    4: required gateway_resource_profiles.StoragePreference storagePreference
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  gateway_resource_profiles.ComputeResourcePreference getGatewayComputeResourcePreference(
    1: required authorization.AuthzToken authzToken,
    2: required string gatewayID,
    3: required string computeResourceId
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  gateway_resource_profiles.StoragePreference getGatewayStoragePreference(
    1: required authorization.AuthzToken authzToken,
    2: required string gatewayID,
    3: required string storageResourceId
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  list<gateway_resource_profiles.ComputeResourcePreference> getAllGatewayComputeResourcePreferences(
    1: required authorization.AuthzToken authzToken,
    2: required string gatewayID
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  list<gateway_resource_profiles.StoragePreference> getAllGatewayStoragePreferences(
    1: required authorization.AuthzToken authzToken,
    2: required string gatewayID
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  list<gateway_resource_profiles.GatewayResourceProfile> getAllGatewayResourceProfiles(
    1: required authorization.AuthzToken authzToken
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  bool updateGatewayComputeResourcePreference(
    1: required authorization.AuthzToken authzToken,
    2: required string gatewayID,
    3: required string computeResourceId,
    4: required gateway_resource_profiles.ComputeResourcePreference computeResourcePreference
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  bool updateGatewayStoragePreference(
    1: required authorization.AuthzToken authzToken,
    2: required string gatewayID,
    3: required string storageId,
    4: required gateway_resource_profiles.StoragePreference storagePreference
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  bool deleteGatewayComputeResourcePreference(
    1: required authorization.AuthzToken authzToken,
    2: required string gatewayID,
    3: required string computeResourceId
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  bool deleteGatewayStoragePreference(
    1: required authorization.AuthzToken authzToken,
    2: required string gatewayID,
    3: required string storageId
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),

  // Data movement
  string addLocalDataMovementDetails(
    1: required authorization.AuthzToken authzToken,
    2: required string productUri,
    3: required data_movement.DMType dataMoveType,
    4: required i32 priorityOrder,
    5: required data_movement.LOCALDataMovement localDataMovement
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  bool updateLocalDataMovementDetails(
    1: required authorization.AuthzToken authzToken,
    2: required string dataMovementInterfaceId,
    3: required data_movement.LOCALDataMovement localDataMovement
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  data_movement.LOCALDataMovement getLocalDataMovement(
    1: required authorization.AuthzToken authzToken,
    2: required string dataMovementId
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  string addSCPDataMovementDetails(
    1: required authorization.AuthzToken authzToken,
    2: required string productUri,
    3: required data_movement.DMType dataMoveType,
    4: required i32 priorityOrder,
    5: required data_movement.SCPDataMovement scpDataMovement
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  bool updateSCPDataMovementDetails(
    1: required authorization.AuthzToken authzToken,
    2: required string dataMovementInterfaceId,
    3: required data_movement.SCPDataMovement scpDataMovement
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  data_movement.SCPDataMovement getSCPDataMovement(
    1: required authorization.AuthzToken authzToken,
    2: required string dataMovementId
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  string addUnicoreDataMovementDetails(
    1: required authorization.AuthzToken authzToken,
    2: required string productUri,
    3: required data_movement.DMType dataMoveType,
    4: required i32 priorityOrder,
    5: required data_movement.UnicoreDataMovement unicoreDataMovement
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  bool updateUnicoreDataMovementDetails(
    1: required authorization.AuthzToken authzToken,
    2: required string dataMovementInterfaceId,
    3: required data_movement.UnicoreDataMovement unicoreDataMovement
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  data_movement.UnicoreDataMovement getUnicoreDataMovement(
    1: required authorization.AuthzToken authzToken,
    2: required string dataMovementId
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  string addGridFTPDataMovementDetails(
    1: required authorization.AuthzToken authzToken,
    2: required string productUri,
    3: required data_movement.DMType dataMoveType,
    4: required i32 priorityOrder,
    5: required data_movement.GridFTPDataMovement gridFTPDataMovement
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  bool updateGridFTPDataMovementDetails(
    1: required authorization.AuthzToken authzToken,
    2: required string dataMovementInterfaceId,
    3: required data_movement.GridFTPDataMovement gridFTPDataMovement
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  data_movement.GridFTPDataMovement getGridFTPDataMovement(
    1: required authorization.AuthzToken authzToken,
    2: required string dataMovementId
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  bool changeDataMovementPriority(
    1: required authorization.AuthzToken authzToken,
    2: required string dataMovementInterfaceId,
    3: required i32 newPriorityOrder
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  bool changeDataMovementPriorities(
    1: required authorization.AuthzToken authzToken,
    2: required map<string, i32> dataMovementPriorityMap
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  bool deleteDataMovementInterface(
    1: required authorization.AuthzToken authzToken,
    2: required string productUri,
    3: required string dataMovementInterfaceId,
    4: required data_movement.DMType dataMoveType
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),

  // Job submission
  string addLocalSubmissionDetails(
    1: required authorization.AuthzToken authzToken,
    2: required string computeResourceId,
    3: required i32 priorityOrder,
    4: required compute_resources.LOCALSubmission localSubmission
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  bool updateLocalSubmissionDetails(
    1: required authorization.AuthzToken authzToken,
    2: required string jobSubmissionInterfaceId,
    3: required compute_resources.LOCALSubmission localSubmission
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  compute_resources.LOCALSubmission getLocalJobSubmission(
    1: required authorization.AuthzToken authzToken,
    2: required string jobSubmissionId
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  string addSSHJobSubmissionDetails(
    1: required authorization.AuthzToken authzToken,
    2: required string computeResourceId,
    3: required i32 priorityOrder,
    4: required compute_resources.SSHJobSubmission sshJobSubmission
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  string addSSHForkJobSubmissionDetails(
    1: required authorization.AuthzToken authzToken,
    2: required string computeResourceId,
    3: required i32 priorityOrder,
    4: required compute_resources.SSHJobSubmission sshJobSubmission
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  compute_resources.SSHJobSubmission getSSHJobSubmission(
    1: required authorization.AuthzToken authzToken,
    2: required string jobSubmissionId
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  string addUNICOREJobSubmissionDetails(
    1: required authorization.AuthzToken authzToken,
    2: required string computeResourceId,
    3: required i32 priorityOrder,
    4: required compute_resources.UnicoreJobSubmission unicoreJobSubmission
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  compute_resources.UnicoreJobSubmission getUnicoreJobSubmission(
    1: required authorization.AuthzToken authzToken,
    2: required string jobSubmissionId
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  string addCloudJobSubmissionDetails(
    1: required authorization.AuthzToken authzToken,
    2: required string computeResourceId,
    3: required i32 priorityOrder,
    4: required compute_resources.CloudJobSubmission cloudSubmission
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  compute_resources.CloudJobSubmission getCloudJobSubmission(
    1: required authorization.AuthzToken authzToken,
    2: required string jobSubmissionId
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  bool updateSSHJobSubmissionDetails(
    1: required authorization.AuthzToken authzToken,
    2: required string jobSubmissionInterfaceId,
    3: required compute_resources.SSHJobSubmission sshJobSubmission
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  bool updateCloudJobSubmissionDetails(
    1: required authorization.AuthzToken authzToken,
    2: required string jobSubmissionInterfaceId,
    3: required compute_resources.CloudJobSubmission sshJobSubmission
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  bool updateUnicoreJobSubmissionDetails(
    1: required authorization.AuthzToken authzToken,
    2: required string jobSubmissionInterfaceId,
    3: required compute_resources.UnicoreJobSubmission unicoreJobSubmission
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  bool changeJobSubmissionPriority(
    1: required authorization.AuthzToken authzToken,
    2: required string jobSubmissionInterfaceId,
    3: required i32 newPriorityOrder
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  bool changeJobSubmissionPriorities(
    1: required authorization.AuthzToken authzToken,
    2: required map<string, i32> jobSubmissionPriorityMap
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  bool deleteJobSubmissionInterface(
    1: required authorization.AuthzToken authzToken,
    2: required string computeResourceId,
    3: required string jobSubmissionInterfaceId
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  string registerResourceJobManager(
    1: required authorization.AuthzToken authzToken,
    2: required compute_resources.ResourceJobManager resourceJobManager
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  bool updateResourceJobManager(
    1: required authorization.AuthzToken authzToken,
    2: required string resourceJobManagerId,
    3: required compute_resources.ResourceJobManager updatedResourceJobManager
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  compute_resources.ResourceJobManager getResourceJobManager(
    1: required authorization.AuthzToken authzToken,
    2: required string resourceJobManagerId
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  bool deleteResourceJobManager(
    1: required authorization.AuthzToken authzToken,
    2: required string resourceJobManagerId
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),

  // Storage resources
  string registerStorageResource(
    1: required authorization.AuthzToken authzToken,
    2: required storage_resources.StorageResourceDescription storageResourceDescription
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  storage_resources.StorageResourceDescription getStorageResource(
    1: required authorization.AuthzToken authzToken,
    2: required string storageResourceId
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  map<string, string> getAllStorageResourceNames(1: required authorization.AuthzToken authzToken)
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  bool updateStorageResource(
    1: required authorization.AuthzToken authzToken,
    2: required string storageResourceId,
    3: required storage_resources.StorageResourceDescription storageResourceDescription
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  bool deleteStorageResource(1: required authorization.AuthzToken authzToken, 2: required string storageResourceId)
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  storage_resources.StorageVolumeInfo getResourceStorageInfo(
    1: required authorization.AuthzToken authzToken,
    2: required string resourceId,
    3: string location
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  storage_resources.StorageDirectoryInfo getStorageDirectoryInfo(
    1: required authorization.AuthzToken authzToken,
    2: required string resourceId,
    3: string location
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),

  // Compute resources
  string registerComputeResource(
    1: required authorization.AuthzToken authzToken,
    2: required compute_resources.ComputeResourceDescription computeResourceDescription
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  compute_resources.ComputeResourceDescription getComputeResource(
    1: required authorization.AuthzToken authzToken,
    2: required string computeResourceId
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  map<string, string> getAllComputeResourceNames(1: required authorization.AuthzToken authzToken)
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  bool updateComputeResource(
    1: required authorization.AuthzToken authzToken,
    2: required string computeResourceId,
    3: required compute_resources.ComputeResourceDescription computeResourceDescription
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  bool deleteComputeResource(1: required authorization.AuthzToken authzToken, 2: required string computeResourceId)
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  bool deleteBatchQueue(
    1: required authorization.AuthzToken authzToken,
    2: required string computeResourceId,
    3: required string queueName
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  list<statuses.QueueStatusModel> getLatestQueueStatuses(1: required authorization.AuthzToken authzToken)
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),

  // Sharing
  bool shareResourceWithUsers(
    1: required authorization.AuthzToken authzToken,
    2: required string resourceId,
    3: groups.ResourceType resourceType,
    4: map<string, groups.ResourcePermissionType> userPermissionList
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  bool shareResourceWithGroups(
    1: required authorization.AuthzToken authzToken,
    2: required string resourceId,
    4: map<string, groups.ResourcePermissionType> groupPermissionList
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  bool revokeSharingOfResourceFromUsers(
    1: required authorization.AuthzToken authzToken,
    2: required string resourceId,
    3: groups.ResourceType resourceType,
    4: map<string, groups.ResourcePermissionType> userPermissionList
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  bool revokeSharingOfResourceFromGroups(
    1: required authorization.AuthzToken authzToken,
    2: required string resourceId,
    4: map<string, groups.ResourcePermissionType> groupPermissionList
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  list<string> getAllAccessibleUsers(
    1: required authorization.AuthzToken authzToken,
    2: required string resourceId,
    3: groups.ResourceType resourceType,
    4: required groups.ResourcePermissionType permissionType
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  list<string> getAllAccessibleGroups(
    1: required authorization.AuthzToken authzToken,
    2: required string resourceId,
    4: required groups.ResourcePermissionType permissionType
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  list<string> getAllDirectlyAccessibleUsers(
    1: required authorization.AuthzToken authzToken,
    2: required string resourceId,
    4: required groups.ResourcePermissionType permissionType
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  list<string> getAllDirectlyAccessibleGroups(
    1: required authorization.AuthzToken authzToken,
    2: required string resourceId,
    4: required groups.ResourcePermissionType permissionType
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  bool userHasAccess(
    1: required authorization.AuthzToken authzToken,
    2: required string resourceId,
    3: required groups.ResourcePermissionType permissionType
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),

  // Credentials
  string generateAndRegisterSSHKeys(
    1: required authorization.AuthzToken authzToken,
    2: string gatewayId,
    3: string userName,
    4: string description,
    5: credentials.CredentialOwnerType credentialOwnerType
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase
    ),
  string registerPwdCredential(
    1: required authorization.AuthzToken authzToken,
    2: string gatewayId,
    3: string portalUserName,
    4: required string loginUserName,
    5: required string password,
    6: required string description
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase
    ),
  credentials.CredentialSummary getCredentialSummary(
    1: required authorization.AuthzToken authzToken,
    2: required string tokenId
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  list<credentials.CredentialSummary> getAllCredentialSummaries(
    1: required authorization.AuthzToken authzToken,
    2: required credentials.SummaryType type
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase
    ),
  bool deleteSSHPubKey(
    1: required authorization.AuthzToken authzToken,
    2: required string airavataCredStoreToken,
    3: string gatewayId
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  bool deletePWDCredential(
    1: required authorization.AuthzToken authzToken,
    2: required string airavataCredStoreToken,
    3: string gatewayId
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  string getSSHPubKey(
    1: required authorization.AuthzToken authzToken,
    2: required string airavataCredStoreToken,
    3: required string gatewayId
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase
    ),
  map<string, string> getAllGatewaySSHPubKeys(
    1: required authorization.AuthzToken authzToken,
    2: required string gatewayId
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase
    ),
  list<credentials.CredentialSummary> getAllCredentialSummaryForGateway(
    1: required authorization.AuthzToken authzToken,
    2: required credentials.SummaryType type,
    3: required string gatewayId
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase
    ),
  list<credentials.CredentialSummary> getAllCredentialSummaryForUsersInGateway(
    1: required authorization.AuthzToken authzToken,
    2: required credentials.SummaryType type,
    3: required string gatewayId,
    4: required string userId
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase
    ),
  map<string, string> getAllGatewayPWDCredentials(
    1: required authorization.AuthzToken authzToken,
    2: required string gatewayId
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase
    ),

  // Applications
  string registerApplicationModule(
    1: required authorization.AuthzToken authzToken,
    2: required string gatewayId,
    3: required application_deployments.ApplicationModule applicationModule
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  application_deployments.ApplicationModule getApplicationModule(
    1: required authorization.AuthzToken authzToken,
    2: required string appModuleId
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  bool updateApplicationModule(
    1: required authorization.AuthzToken authzToken,
    2: required string appModuleId,
    3: required application_deployments.ApplicationModule applicationModule
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  list<application_deployments.ApplicationModule> getAllAppModules(
    1: required authorization.AuthzToken authzToken,
    2: required string gatewayId
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  list<application_deployments.ApplicationModule> getAccessibleAppModules(
    1: required authorization.AuthzToken authzToken,
    2: required string gatewayId
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  bool deleteApplicationModule(1: required authorization.AuthzToken authzToken, 2: required string appModuleId)
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  string registerApplicationDeployment(
    1: required authorization.AuthzToken authzToken,
    2: required string gatewayId,
    3: required application_deployments.ApplicationDeploymentDescription applicationDeployment
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  application_deployments.ApplicationDeploymentDescription getApplicationDeployment(
    1: required authorization.AuthzToken authzToken,
    2: required string appDeploymentId
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  bool updateApplicationDeployment(
    1: required authorization.AuthzToken authzToken,
    2: required string appDeploymentId,
    3: required application_deployments.ApplicationDeploymentDescription applicationDeployment
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  bool deleteApplicationDeployment(1: required authorization.AuthzToken authzToken, 2: required string appDeploymentId)
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  list<application_deployments.ApplicationDeploymentDescription> getAllApplicationDeployments(
    1: required authorization.AuthzToken authzToken,
    2: required string gatewayId
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  list<application_deployments.ApplicationDeploymentDescription> getAccessibleApplicationDeployments(
    1: required authorization.AuthzToken authzToken,
    2: required string gatewayId,
    3: required groups.ResourcePermissionType permissionType
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  list<string> getAppModuleDeployedResources(
    1: required authorization.AuthzToken authzToken,
    2: required string appModuleId
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  string registerApplicationInterface(
    1: required authorization.AuthzToken authzToken,
    2: required string gatewayId,
    3: required application_interfaces.ApplicationInterfaceDescription applicationInterface
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  string cloneApplicationInterface(
    1: required authorization.AuthzToken authzToken,
    2: string existingAppInterfaceID,
    3: string newApplicationName,
    4: string gatewayId
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  application_interfaces.ApplicationInterfaceDescription getApplicationInterface(
    1: required authorization.AuthzToken authzToken,
    2: required string appInterfaceId
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  bool updateApplicationInterface(
    1: required authorization.AuthzToken authzToken,
    2: required string appInterfaceId,
    3: required application_interfaces.ApplicationInterfaceDescription applicationInterface
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  bool deleteApplicationInterface(1: required authorization.AuthzToken authzToken, 2: required string appInterfaceId)
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  map<string, string> getAllApplicationInterfaceNames(
    1: required authorization.AuthzToken authzToken,
    2: required string gatewayId
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  list<application_interfaces.ApplicationInterfaceDescription> getAllApplicationInterfaces(
    1: required authorization.AuthzToken authzToken,
    2: required string gatewayId
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  list<application_io.InputDataObjectType> getApplicationInputs(
    1: required authorization.AuthzToken authzToken,
    2: required string appInterfaceId
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  list<application_io.OutputDataObjectType> getApplicationOutputs(
    1: required authorization.AuthzToken authzToken,
    2: required string appInterfaceId
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  map<string, string> getAvailableAppInterfaceComputeResources(
    1: required authorization.AuthzToken authzToken,
    2: required string appInterfaceId
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),

  // Data products
  string registerDataProduct(
    1: required authorization.AuthzToken authzToken,
    2: required data_products.DataProductModel dataProductModel
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  data_products.DataProductModel getDataProduct(
    1: required authorization.AuthzToken authzToken,
    2: required string dataProductUri
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  string registerReplicaLocation(
    1: required authorization.AuthzToken authzToken,
    2: required data_products.DataReplicaLocationModel replicaLocationModel
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  data_products.DataProductModel getParentDataProduct(
    1: required authorization.AuthzToken authzToken,
    2: required string productUri
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  list<data_products.DataProductModel> getChildDataProducts(
    1: required authorization.AuthzToken authzToken,
    2: required string productUri
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),

  // Notifications
  string createNotification(
    1: required authorization.AuthzToken authzToken,
    2: required workspaces.Notification notification
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  bool updateNotification(
    1: required authorization.AuthzToken authzToken,
    2: required workspaces.Notification notification
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  bool deleteNotification(
    1: required authorization.AuthzToken authzToken,
    2: required string gatewayId,
    3: required string notificationId
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  workspaces.Notification getNotification(
    1: required authorization.AuthzToken authzToken,
    2: required string gatewayId,
    3: required string notificationId
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  list<workspaces.Notification> getAllNotifications(
    1: required authorization.AuthzToken authzToken,
    2: required string gatewayId
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),

  // Experiments, processes, tasks and jobs
  list<experiments.ExperimentSummaryModel> searchExperiments(
    1: required authorization.AuthzToken authzToken,
    2: required string gatewayId,
    3: required string userName,
    4: map<experiments.ExperimentSearchFields, string> filters,
    5: required i32 limit,
    6: required i32 offset
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  experiments.ExperimentStatistics getExperimentStatistics(
    1: required authorization.AuthzToken authzToken,
    2: required string gatewayId,
    3: required i64 fromTime,
    4: required i64 toTime,
    5: string userName,
    6: string applicationName,
    7: string resourceHostName,
    8: i32 limit = 50,
    9: i32 offset = 0
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  list<experiments.ExperimentModel> getUserExperiments(
    1: required authorization.AuthzToken authzToken,
    2: required string gatewayId,
    3: required string userName,
    4: required i32 limit,
    5: required i32 offset
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  string createExperiment(
    1: required authorization.AuthzToken authzToken,
    2: required string gatewayId,
    3: required experiments.ExperimentModel experiment
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  bool deleteExperiment(1: required authorization.AuthzToken authzToken, 2: required string experimentId)
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  experiments.ExperimentModel getExperiment(
    1: required authorization.AuthzToken authzToken,
    2: required string airavataExperimentId
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.ExperimentNotFoundException enf,
      3: api_errors.AiravataClientException ace,
      4: api_errors.AiravataSystemException ase,
      5: api_errors.AuthorizationException ae
    ),
  experiments.ExperimentModel getExperimentByAdmin(
    1: required authorization.AuthzToken authzToken,
    2: required string airavataExperimentId
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.ExperimentNotFoundException enf,
      3: api_errors.AiravataClientException ace,
      4: api_errors.AiravataSystemException ase,
      5: api_errors.AuthorizationException ae
    ),
  experiments.ExperimentModel getDetailedExperimentTree(
    1: required authorization.AuthzToken authzToken,
    2: required string airavataExperimentId
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.ExperimentNotFoundException enf,
      3: api_errors.AiravataClientException ace,
      4: api_errors.AiravataSystemException ase,
      5: api_errors.AuthorizationException ae
    ),
  void updateExperiment(
    1: required authorization.AuthzToken authzToken,
    2: required string airavataExperimentId,
    3: required experiments.ExperimentModel experiment
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.ExperimentNotFoundException enf,
      3: api_errors.AiravataClientException ace,
      4: api_errors.AiravataSystemException ase,
      5: api_errors.AuthorizationException ae
    ),
  void updateExperimentConfiguration(
    1: required authorization.AuthzToken authzToken,
    2: required string airavataExperimentId,
    3: required experiments.UserConfigurationDataModel userConfiguration
  ) throws (1: api_errors.AuthorizationException ae),
  void updateResourceScheduleing(
    1: required authorization.AuthzToken authzToken,
    2: required string airavataExperimentId,
    3: required scheduling.ComputationalResourceSchedulingModel resourceScheduling
  ) throws (1: api_errors.AuthorizationException ae),
  bool validateExperiment(1: required authorization.AuthzToken authzToken, 2: required string airavataExperimentId)
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.ExperimentNotFoundException enf,
      3: api_errors.AiravataClientException ace,
      4: api_errors.AiravataSystemException ase,
      5: api_errors.AuthorizationException ae
    ),
  void launchExperiment(
    1: required authorization.AuthzToken authzToken,
    2: required string airavataExperimentId,
    3: required string gatewayId
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.ExperimentNotFoundException enf,
      3: api_errors.AiravataClientException ace,
      4: api_errors.AiravataSystemException ase,
      5: api_errors.AuthorizationException ae
    ),
  statuses.ExperimentStatus getExperimentStatus(
    1: required authorization.AuthzToken authzToken,
    2: required string airavataExperimentId
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.ExperimentNotFoundException enf,
      3: api_errors.AiravataClientException ace,
      4: api_errors.AiravataSystemException ase,
      5: api_errors.AuthorizationException ae
    ),
  list<application_io.OutputDataObjectType> getExperimentOutputs(
    1: required authorization.AuthzToken authzToken,
    2: required string airavataExperimentId
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.ExperimentNotFoundException enf,
      3: api_errors.AiravataClientException ace,
      4: api_errors.AiravataSystemException ase,
      5: api_errors.AuthorizationException ae
    ),
  list<application_io.OutputDataObjectType> getIntermediateOutputs(
    1: required authorization.AuthzToken authzToken,
    2: required string airavataExperimentId
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.ExperimentNotFoundException enf,
      3: api_errors.AiravataClientException ace,
      4: api_errors.AiravataSystemException ase,
      5: api_errors.AuthorizationException ae
    ),
  void fetchIntermediateOutputs(
    1: required authorization.AuthzToken authzToken,
    2: required string airavataExperimentId,
    3: required list<string> outputNames
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.ExperimentNotFoundException enf,
      3: api_errors.AiravataClientException ace,
      4: api_errors.AiravataSystemException ase,
      5: api_errors.AuthorizationException ae
    ),
  statuses.ProcessStatus getIntermediateOutputProcessStatus(
    1: required authorization.AuthzToken authzToken,
    2: required string airavataExperimentId,
    3: required list<string> outputNames
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.ExperimentNotFoundException enf,
      3: api_errors.AiravataClientException ace,
      4: api_errors.AiravataSystemException ase,
      5: api_errors.AuthorizationException ae
    ),
  map<string, statuses.JobStatus> getJobStatuses(
    1: required authorization.AuthzToken authzToken,
    2: required string airavataExperimentId
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.ExperimentNotFoundException enf,
      3: api_errors.AiravataClientException ace,
      4: api_errors.AiravataSystemException ase,
      5: api_errors.AuthorizationException ae
    ),
  list<jobs.JobModel> getJobDetails(
    1: required authorization.AuthzToken authzToken,
    2: required string airavataExperimentId
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.ExperimentNotFoundException enf,
      3: api_errors.AiravataClientException ace,
      4: api_errors.AiravataSystemException ase,
      5: api_errors.AuthorizationException ae
    ),
  string cloneExperiment(
    1: required authorization.AuthzToken authzToken,
    2: string existingExperimentID,
    3: string newExperimentName,
    4: string newExperimentProjectId
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.ExperimentNotFoundException enf,
      3: api_errors.AiravataClientException ace,
      4: api_errors.AiravataSystemException ase,
      5: api_errors.AuthorizationException ae,
      6: api_errors.ProjectNotFoundException pnfe
    ),
  string cloneExperimentByAdmin(
    1: required authorization.AuthzToken authzToken,
    2: string existingExperimentID,
    3: string newExperimentName,
    4: string newExperimentProjectId
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.ExperimentNotFoundException enf,
      3: api_errors.AiravataClientException ace,
      4: api_errors.AiravataSystemException ase,
      5: api_errors.AuthorizationException ae,
      6: api_errors.ProjectNotFoundException pnfe
    ),
  void terminateExperiment(
    1: required authorization.AuthzToken authzToken,
    2: string airavataExperimentId,
    3: string gatewayId
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.ExperimentNotFoundException enf,
      3: api_errors.AiravataClientException ace,
      4: api_errors.AiravataSystemException ase,
      5: api_errors.AuthorizationException ae
    ),

  // Projects
  string createProject(
    1: required authorization.AuthzToken authzToken,
    2: required string gatewayId,
    3: required workspaces.Project project
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  void updateProject(
    1: required authorization.AuthzToken authzToken,
    2: required string projectId,
    3: required workspaces.Project updatedProject
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.ProjectNotFoundException pnfe,
      5: api_errors.AuthorizationException ae
    ),
  workspaces.Project getProject(1: required authorization.AuthzToken authzToken, 2: required string projectId)
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.ProjectNotFoundException pnfe,
      5: api_errors.AuthorizationException ae
    ),
  bool deleteProject(1: required authorization.AuthzToken authzToken, 2: required string projectId)
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.ProjectNotFoundException pnfe,
      5: api_errors.AuthorizationException ae
    ),
  list<workspaces.Project> getUserProjects(
    1: required authorization.AuthzToken authzToken,
    2: required string gatewayId,
    3: required string userName,
    4: required i32 limit,
    5: required i32 offset
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  list<workspaces.Project> searchProjects(
    1: required authorization.AuthzToken authzToken,
    2: required string gatewayId,
    3: required string userName,
    4: map<experiments.ProjectSearchFields, string> filters,
    5: required i32 limit,
    6: required i32 offset
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  list<experiments.ExperimentModel> getExperimentsInProject(
    1: required authorization.AuthzToken authzToken,
    2: required string projectId,
    3: required i32 limit,
    4: required i32 offset
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.ProjectNotFoundException pnfe,
      5: api_errors.AuthorizationException ae
    ),

  // Groups
  gateway_groups.GatewayGroups getGatewayGroups(1: required authorization.AuthzToken authzToken)
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  string createGroup(1: required authorization.AuthzToken authzToken, 2: required groups.GroupModel groupModel)
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  bool updateGroup(1: required authorization.AuthzToken authzToken, 2: required groups.GroupModel groupModel)
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  bool deleteGroup(
    1: required authorization.AuthzToken authzToken,
    2: required string groupId,
    3: required string ownerId
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  groups.GroupModel getGroup(1: required authorization.AuthzToken authzToken, 2: required string groupId)
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  list<groups.GroupModel> getAllGroupsUserBelongs(
    1: required authorization.AuthzToken authzToken,
    2: required string userName
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),

  // Gateways and users
  bool isUserExists(
    1: required authorization.AuthzToken authzToken,
    2: required string gatewayId,
    3: required string userName
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  string addGateway(1: required authorization.AuthzToken authzToken, 2: required workspaces.Gateway gateway)
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  list<string> getAllUsersInGateway(1: required authorization.AuthzToken authzToken, 2: required string gatewayId)
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  bool updateGateway(
    1: required authorization.AuthzToken authzToken,
    2: required string gatewayId,
    3: required workspaces.Gateway updatedGateway
  )
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  workspaces.Gateway getGateway(1: required authorization.AuthzToken authzToken, 2: required string gatewayId)
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  bool deleteGateway(1: required authorization.AuthzToken authzToken, 2: required string gatewayId)
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  list<workspaces.Gateway> getAllGateways(1: required authorization.AuthzToken authzToken)
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
  bool isGatewayExist(1: required authorization.AuthzToken authzToken, 2: required string gatewayId)
    throws (
      1: api_errors.InvalidRequestException ire,
      2: api_errors.AiravataClientException ace,
      3: api_errors.AiravataSystemException ase,
      4: api_errors.AuthorizationException ae
    ),
}
