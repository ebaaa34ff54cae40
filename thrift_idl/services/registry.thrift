// Licensed under the Apache License, Version 2.0: see LICENSE.
//
// The service that keeps all records for the other services. Internal: it takes no token and checks no permission.
//
// Source: the interface of Apache Airavata, releases 0.17 to 0.21, and as of 2026-03 what it adds to them.

include "../applications/application_deployments.thrift"
include "../applications/application_interfaces.thrift"
include "../applications/application_io.thrift"
include "../applications/parsers.thrift"
include "../experiments/data_products.thrift"
include "../experiments/experiments.thrift"
include "../experiments/jobs.thrift"
include "../experiments/processes.thrift"
include "../experiments/scheduling.thrift"
include "../experiments/statuses.thrift"
include "../experiments/tasks.thrift"
include "../experiments/workflow_graphs.thrift"
include "../foundation/api_errors.thrift"
include "../foundation/error_reports.thrift"
include "../gateways/gateway_groups.thrift"
include "../gateways/workspaces.thrift"
include "../people/user_profiles.thrift"
include "../profiles/gateway_resource_profiles.thrift"
include "../profiles/group_resource_profiles.thrift"
include "../profiles/user_resource_profiles.thrift"
include "../resources/compute_resources.thrift"
include "../resources/data_movement.thrift"
include "../resources/storage_resources.thrift"
include "registry_errors.thrift"

namespace py airavata_thrift.registry
namespace java org.apache.airavata.registry.api

/** Version of this service. */
const string REGISTRY_API_VERSION = "0.18.0"

/** Reads and writes every kind of record of every gateway. */
service RegistryService {
  // The service
  string getAPIVersion() throws (1: registry_errors.RegistryServiceException rse),

  // Parsers
  parsers.Parser getParser(1: required string parserId, 2: required string gatewayId)
    throws (1: registry_errors.RegistryServiceException rse),
  string saveParser(1: required parsers.Parser parser) throws (1: registry_errors.RegistryServiceException rse),
  list<parsers.Parser> listAllParsers(1: required string gatewayId)
    throws (1: registry_errors.RegistryServiceException rse),
  void removeParser(1: required string parserId, 2: required string gatewayId)
    throws (1: registry_errors.RegistryServiceException rse),
  parsers.ParserInput getParserInput(1: required string parserInputId, 2: required string gatewayId)
    throws (1: registry_errors.RegistryServiceException rse),
  parsers.ParserOutput getParserOutput(1: required string parserOutputId, 2: required string gatewayId)
    throws (1: registry_errors.RegistryServiceException rse),
  parsers.ParsingTemplate getParsingTemplate(1: required string templateId, 2: required string gatewayId)
    throws (1: registry_errors.RegistryServiceException rse),
  list<parsers.ParsingTemplate> getParsingTemplatesForExperiment(
    1: required string experimentId,
    2: required string gatewayId
  ) throws (1: registry_errors.RegistryServiceException rse),
  string saveParsingTemplate(1: required parsers.ParsingTemplate parsingTemplate)
    throws (1: registry_errors.RegistryServiceException rse),
  list<parsers.ParsingTemplate> listAllParsingTemplates(1: required string gatewayId)
    throws (1: registry_errors.RegistryServiceException rse),
  void removeParsingTemplate(1: required string templateId, 2: required string gatewayId)
    throws (1: registry_errors.RegistryServiceException rse),

  // Workflows
  list<processes.ProcessWorkflow> getProcessWorkflows(1: required string processId)
    throws (1: registry_errors.RegistryServiceException rse),
  void addProcessWorkflow(1: required processes.ProcessWorkflow processWorkflow)
    throws (1: registry_errors.RegistryServiceException rse),
  list<string> getAllWorkflows(1: required string gatewayId) throws (1: registry_errors.RegistryServiceException rse),
  workflow_graphs.WorkflowModel getWorkflow(1: required string workflowTemplateId)
    throws (1: registry_errors.RegistryServiceException rse),
  void deleteWorkflow(1: required string workflowTemplateId) throws (1: registry_errors.RegistryServiceException rse),
  string registerWorkflow(1: required string gatewayId, 2: required workflow_graphs.WorkflowModel workflow)
    throws (1: registry_errors.RegistryServiceException rse),
  void updateWorkflow(1: required string workflowTemplateId, 2: required workflow_graphs.WorkflowModel workflow)
    throws (1: registry_errors.RegistryServiceException rse),
  string getWorkflowTemplateId(1: required string workflowName)
    throws (1: registry_errors.RegistryServiceException rse),
  bool isWorkflowExistWithName(1: required string workflowName)
    throws (1: registry_errors.RegistryServiceException rse),

  // Group resource profiles
  bool isGroupComputeResourcePreferenceExists(
    1: required string computeResourceId,
    2: required string groupResourceProfileId
  ) throws (1: registry_errors.RegistryServiceException rse),
  bool isGroupResourceProfileExists(1: required string groupResourceProfileId)
    throws (1: registry_errors.RegistryServiceException rse),
  string createGroupResourceProfile(1: required group_resource_profiles.GroupResourceProfile groupResourceProfile)
    throws (1: registry_errors.RegistryServiceException rse),
  void updateGroupResourceProfile(1: required group_resource_profiles.GroupResourceProfile groupResourceProfile)
    throws (1: registry_errors.RegistryServiceException rse),
  group_resource_profiles.GroupResourceProfile getGroupResourceProfile(1: required string groupResourceProfileId)
    throws (1: registry_errors.RegistryServiceException rse),
  bool removeGroupResourceProfile(1: required string groupResourceProfileId)
    throws (1: registry_errors.RegistryServiceException rse),
  list<group_resource_profiles.GroupResourceProfile> getGroupResourceList(
    1: required string gatewayId,
    2: required list<string> accessibleGroupResProfileIds
  ) throws (1: registry_errors.RegistryServiceException rse),
  bool removeGroupComputePrefs(1: required string computeResourceId, 2: required string groupResourceProfileId)
    throws (1: registry_errors.RegistryServiceException rse),
  bool removeGroupComputeResourcePolicy(1: required string resourcePolicyId)
    throws (1: registry_errors.RegistryServiceException rse),
  bool removeGroupBatchQueueResourcePolicy(1: required string resourcePolicyId)
    throws (1: registry_errors.RegistryServiceException rse),
  group_resource_profiles.GroupComputeResourcePreference getGroupComputeResourcePreference(
    1: required string computeResourceId,
    2: required string groupResourceProfileId
  ) throws (1: registry_errors.RegistryServiceException rse),
  group_resource_profiles.ComputeResourcePolicy getGroupComputeResourcePolicy(1: required string resourcePolicyId)
    throws (1: registry_errors.RegistryServiceException rse),
  group_resource_profiles.BatchQueueResourcePolicy getBatchQueueResourcePolicy(1: required string resourcePolicyId)
    throws (1: registry_errors.RegistryServiceException rse),
  list<group_resource_profiles.GroupComputeResourcePreference> getGroupComputeResourcePrefList(
    1: required string groupResourceProfileId
  ) throws (1: registry_errors.RegistryServiceException rse),
  list<group_resource_profiles.BatchQueueResourcePolicy> getGroupBatchQueueResourcePolicyList(
    1: required string groupResourceProfileId
  ) throws (1: registry_errors.RegistryServiceException rse),
  list<group_resource_profiles.ComputeResourcePolicy> getGroupComputeResourcePolicyList(
    1: required string groupResourceProfileId
  ) throws (1: registry_errors.RegistryServiceException rse),

  // User resource profiles and accounts
  string registerUserResourceProfile(1: required user_resource_profiles.UserResourceProfile userResourceProfile)
    throws (1: registry_errors.RegistryServiceException rse),
  bool isUserResourceProfileExists(1: required string userId, 2: required string gatewayID)
    throws (1: registry_errors.RegistryServiceException rse),
  bool isUserComputeResourcePreferenceExists(
    1: required string userId,
    2: required string gatewayID,
    3: required string computeResourceId
  ) throws (1: registry_errors.RegistryServiceException rse),
  user_resource_profiles.UserResourceProfile getUserResourceProfile(
    1: required string userId,
    2: required string gatewayID
  ) throws (1: registry_errors.RegistryServiceException rse),
  bool updateUserResourceProfile(
    1: required string userId,
    2: required string gatewayID,
    3: required user_resource_profiles.UserResourceProfile userResourceProfile
  ) throws (1: registry_errors.RegistryServiceException rse),
  bool deleteUserResourceProfile(1: required string userId, 2: required string gatewayID)
    throws (1: registry_errors.RegistryServiceException rse),
  bool addUserComputeResourcePreference(
    1: required string userId,
    2: required string gatewayID,
    3: required string computeResourceId,
    4: required user_resource_profiles.UserComputeResourcePreference userComputeResourcePreference
  ) throws (1: registry_errors.RegistryServiceException rse),
  bool addUserStoragePreference(
    1: required string userId,
    2: required string gatewayID,
    3: required string userStorageResourceId,
    4: required user_resource_profiles.UserStoragePreference userStoragePreference
  ) throws (1: registry_errors.RegistryServiceException rse),
  user_resource_profiles.UserComputeResourcePreference getUserComputeResourcePreference(
    1: required string userId,
    2: required string gatewayID,
    3: required string userComputeResourceId
  ) throws (1: registry_errors.RegistryServiceException rse),
  user_resource_profiles.UserStoragePreference getUserStoragePreference(
    1: required string userId,
    2: required string gatewayID,
    3: required string userStorageResourceId
  ) throws (1: registry_errors.RegistryServiceException rse),
  list<user_resource_profiles.UserComputeResourcePreference> getAllUserComputeResourcePreferences(
    1: required string userId,
    2: required string gatewayID
  ) throws (1: registry_errors.RegistryServiceException rse),
  list<user_resource_profiles.UserStoragePreference> getAllUserStoragePreferences(
    1: required string userId,
    2: required string gatewayID
  ) throws (1: registry_errors.RegistryServiceException rse),
  list<user_resource_profiles.UserResourceProfile> getAllUserResourceProfiles()
    throws (1: registry_errors.RegistryServiceException rse),
  bool updateUserComputeResourcePreference(
    1: required string userId,
    2: required string gatewayID,
    3: required string userComputeResourceId,
    4: required user_resource_profiles.UserComputeResourcePreference userComputeResourcePreference
  ) throws (1: registry_errors.RegistryServiceException rse),
  bool updateUserStoragePreference(
    1: required string userId,
    2: required string gatewayID,
    3: required string userStorageId,
    4: required user_resource_profiles.UserStoragePreference userStoragePreference
  ) throws (1: registry_errors.RegistryServiceException rse),
  bool deleteUserComputeResourcePreference(
    1: required string userId,
    2: required string gatewayID,
    3: required string userComputeResourceId
  ) throws (1: registry_errors.RegistryServiceException rse),
  bool deleteUserStoragePreference(
    1: required string userId,
    2: required string gatewayID,
    3: required string userStorageId
  ) throws (1: registry_errors.RegistryServiceException rse),

  // Gateway resource profiles
  string registerGatewayResourceProfile(
    1: required gateway_resource_profiles.GatewayResourceProfile gatewayResourceProfile
  ) throws (1: registry_errors.RegistryServiceException rse),
  gateway_resource_profiles.GatewayResourceProfile getGatewayResourceProfile(1: required string gatewayID)
    throws (1: registry_errors.RegistryServiceException rse),
  bool updateGatewayResourceProfile(
    1: required string gatewayID,
    2: required gateway_resource_profiles.GatewayResourceProfile gatewayResourceProfile
  ) throws (1: registry_errors.RegistryServiceException rse),
  bool deleteGatewayResourceProfile(1: required string gatewayID)
    throws (1: registry_errors.RegistryServiceException rse),
  bool addGatewayComputeResourcePreference(
    1: required string gatewayID,
    2: required string computeResourceId,
    3: required gateway_resource_profiles.ComputeResourcePreference computeResourcePreference
  ) throws (1: registry_errors.RegistryServiceException rse),
  bool addGatewayStoragePreference(
    1: required string gatewayID,
    2: required string storageResourceId,
    3: required gateway_resource_profiles.StoragePreference storagePreference
  ) throws (1: registry_errors.RegistryServiceException rse),
  gateway_resource_profiles.ComputeResourcePreference getGatewayComputeResourcePreference(
    1: required string gatewayID,
    2: required string computeResourceId
  ) throws (1: registry_errors.RegistryServiceException rse),
  gateway_resource_profiles.StoragePreference getGatewayStoragePreference(
    1: required string gatewayID,
    2: required string storageResourceId
  ) throws (1: registry_errors.RegistryServiceException rse),
  list<gateway_resource_profiles.ComputeResourcePreference> getAllGatewayComputeResourcePreferences(
    1: required string gatewayID
  ) throws (1: registry_errors.RegistryServiceException rse),
  list<gateway_resource_profiles.StoragePreference> getAllGatewayStoragePreferences(1: required string gatewayID)
    throws (1: registry_errors.RegistryServiceException rse),
  list<gateway_resource_profiles.GatewayResourceProfile> getAllGatewayResourceProfiles()
    throws (1: registry_errors.RegistryServiceException rse),
  bool updateGatewayComputeResourcePreference(
    1: required string gatewayID,
    2: required string computeResourceId,
    3: required gateway_resource_profiles.ComputeResourcePreference computeResourcePreference
  ) throws (1: registry_errors.RegistryServiceException rse),
  bool updateGatewayStoragePreference(
    1: required string gatewayID,
    2: required string storageId,
    3: required gateway_resource_profiles.StoragePreference storagePreference
  ) throws (1: registry_errors.RegistryServiceException rse),
  bool deleteGatewayComputeResourcePreference(1: required string gatewayID, 2: required string computeResourceId)
    throws (1: registry_errors.RegistryServiceException rse),
  bool deleteGatewayStoragePreference(1: required string gatewayID, 2: required string storageId)
    throws (1: registry_errors.RegistryServiceException rse),

  // Data movement
  string addLocalDataMovementDetails(
    1: required string productUri,
    2: required data_movement.DMType dataMoveType,
    3: required i32 priorityOrder,
    4: required data_movement.LOCALDataMovement localDataMovement
  ) throws (1: registry_errors.RegistryServiceException rse),
  bool updateLocalDataMovementDetails(
    1: required string dataMovementInterfaceId,
    2: required data_movement.LOCALDataMovement localDataMovement
  ) throws (1: registry_errors.RegistryServiceException rse),
  data_movement.LOCALDataMovement getLocalDataMovement(1: required string dataMovementId)
    throws (1: registry_errors.RegistryServiceException rse),
  string addSCPDataMovementDetails(
    1: required string productUri,
    2: required data_movement.DMType dataMoveType,
    3: required i32 priorityOrder,
    4: required data_movement.SCPDataMovement scpDataMovement
  ) throws (1: registry_errors.RegistryServiceException rse),
  bool updateSCPDataMovementDetails(
    1: required string dataMovementInterfaceId,
    2: required data_movement.SCPDataMovement scpDataMovement
  ) throws (1: registry_errors.RegistryServiceException rse),
  data_movement.SCPDataMovement getSCPDataMovement(1: required string dataMovementId)
    throws (1: registry_errors.RegistryServiceException rse),
  string addUnicoreDataMovementDetails(
    1: required string productUri,
    2: required data_movement.DMType dataMoveType,
    3: required i32 priorityOrder,
    4: required data_movement.UnicoreDataMovement unicoreDataMovement
  ) throws (1: registry_errors.RegistryServiceException rse),
  bool updateUnicoreDataMovementDetails(
    1: required string dataMovementInterfaceId,
    2: required data_movement.UnicoreDataMovement unicoreDataMovement
  ) throws (1: registry_errors.RegistryServiceException rse),
  data_movement.UnicoreDataMovement getUnicoreDataMovement(1: required string dataMovementId)
    throws (1: registry_errors.RegistryServiceException rse),
  string addGridFTPDataMovementDetails(
    1: required string productUri,
    2: required data_movement.DMType dataMoveType,
    3: required i32 priorityOrder,
    4: required data_movement.GridFTPDataMovement gridFTPDataMovement
  ) throws (1: registry_errors.RegistryServiceException rse),
  bool updateGridFTPDataMovementDetails(
    1: required string dataMovementInterfaceId,
    2: required data_movement.GridFTPDataMovement gridFTPDataMovement
  ) throws (1: registry_errors.RegistryServiceException rse),
  data_movement.GridFTPDataMovement getGridFTPDataMovement(1: required string dataMovementId)
    throws (1: registry_errors.RegistryServiceException rse),
  bool changeDataMovementPriority(1: required string dataMovementInterfaceId, 2: required i32 newPriorityOrder)
    throws (1: registry_errors.RegistryServiceException rse),
  bool changeDataMovementPriorities(1: required map<string, i32> dataMovementPriorityMap)
    throws (1: registry_errors.RegistryServiceException rse),
  bool deleteDataMovementInterface(
    1: required string productUri,
    2: required string dataMovementInterfaceId,
    3: required data_movement.DMType dataMoveType
  ) throws (1: registry_errors.RegistryServiceException rse),

  // Job submission
  string addLocalSubmissionDetails(
    1: required string computeResourceId,
    2: required i32 priorityOrder,
    3: required compute_resources.LOCALSubmission localSubmission
  ) throws (1: registry_errors.RegistryServiceException rse),
  bool updateLocalSubmissionDetails(
    1: required string jobSubmissionInterfaceId,
    2: required compute_resources.LOCALSubmission localSubmission
  ) throws (1: registry_errors.RegistryServiceException rse),
  compute_resources.LOCALSubmission getLocalJobSubmission(1: required string jobSubmissionId)
    throws (1: registry_errors.RegistryServiceException rse),
  string addSSHJobSubmissionDetails(
    1: required string computeResourceId,
    2: required i32 priorityOrder,
    3: required compute_resources.SSHJobSubmission sshJobSubmission
  ) throws (1: registry_errors.RegistryServiceException rse),
  string addSSHForkJobSubmissionDetails(
    1: required string computeResourceId,
    2: required i32 priorityOrder,
    3: required compute_resources.SSHJobSubmission sshJobSubmission
  ) throws (1: registry_errors.RegistryServiceException rse),
  compute_resources.SSHJobSubmission getSSHJobSubmission(1: required string jobSubmissionId)
    throws (1: registry_errors.RegistryServiceException rse),
  string addUNICOREJobSubmissionDetails(
    1: required string computeResourceId,
    2: required i32 priorityOrder,
    3: required compute_resources.UnicoreJobSubmission unicoreJobSubmission
  ) throws (1: registry_errors.RegistryServiceException rse),
  compute_resources.UnicoreJobSubmission getUnicoreJobSubmission(1: required string jobSubmissionId)
    throws (1: registry_errors.RegistryServiceException rse),
  string addCloudJobSubmissionDetails(
    1: required string computeResourceId,
    2: required i32 priorityOrder,
    3: required compute_resources.CloudJobSubmission cloudSubmission
  ) throws (1: registry_errors.RegistryServiceException rse),
  compute_resources.CloudJobSubmission getCloudJobSubmission(1: required string jobSubmissionId)
    throws (1: registry_errors.RegistryServiceException rse),
  bool updateSSHJobSubmissionDetails(
    1: required string jobSubmissionInterfaceId,
    2: required compute_resources.SSHJobSubmission sshJobSubmission
  ) throws (1: registry_errors.RegistryServiceException rse),
  bool updateCloudJobSubmissionDetails(
    1: required string jobSubmissionInterfaceId,
    2: required compute_resources.CloudJobSubmission sshJobSubmission
  ) throws (1: registry_errors.RegistryServiceException rse),
  bool updateUnicoreJobSubmissionDetails(
    1: required string jobSubmissionInterfaceId,
    2: required compute_resources.UnicoreJobSubmission unicoreJobSubmission
  ) throws (1: registry_errors.RegistryServiceException rse),
  bool changeJobSubmissionPriority(1: required string jobSubmissionInterfaceId, 2: required i32 newPriorityOrder)
    throws (1: registry_errors.RegistryServiceException rse),
  bool changeJobSubmissionPriorities(1: required map<string, i32> jobSubmissionPriorityMap)
    throws (1: registry_errors.RegistryServiceException rse),
  bool deleteJobSubmissionInterface(1: required string computeResourceId, 2: required string jobSubmissionInterfaceId)
    throws (1: registry_errors.RegistryServiceException rse),
  string registerResourceJobManager(1: required compute_resources.ResourceJobManager resourceJobManager)
    throws (1: registry_errors.RegistryServiceException rse),
  bool updateResourceJobManager(
    1: required string resourceJobManagerId,
    2: required compute_resources.ResourceJobManager updatedResourceJobManager
  ) throws (1: registry_errors.RegistryServiceException rse),
  compute_resources.ResourceJobManager getResourceJobManager(1: required string resourceJobManagerId)
    throws (1: registry_errors.RegistryServiceException rse),
  bool deleteResourceJobManager(1: required string resourceJobManagerId)
    throws (1: registry_errors.RegistryServiceException rse),

  // Storage resources
  string registerStorageResource(1: required storage_resources.StorageResourceDescription storageResourceDescription)
    throws (1: registry_errors.RegistryServiceException rse),
  storage_resources.StorageResourceDescription getStorageResource(1: required string storageResourceId)
    throws (1: registry_errors.RegistryServiceException rse),
  map<string, string> getAllStorageResourceNames() throws (1: registry_errors.RegistryServiceException rse),
  bool updateStorageResource(
    1: required string storageResourceId,
    2: required storage_resources.StorageResourceDescription storageResourceDescription
  ) throws (1: registry_errors.RegistryServiceException rse),
  bool deleteStorageResource(1: required string storageResourceId)
    throws (1: registry_errors.RegistryServiceException rse),

  // Compute resources
  string registerComputeResource(1: required compute_resources.ComputeResourceDescription computeResourceDescription)
    throws (1: registry_errors.RegistryServiceException rse),
  compute_resources.ComputeResourceDescription getComputeResource(1: required string computeResourceId)
    throws (1: registry_errors.RegistryServiceException rse),
  map<string, string> getAllComputeResourceNames() throws (1: registry_errors.RegistryServiceException rse),
  bool updateComputeResource(
    1: required string computeResourceId,
    2: required compute_resources.ComputeResourceDescription computeResourceDescription
  ) throws (1: registry_errors.RegistryServiceException rse),
  bool deleteComputeResource(1: required string computeResourceId)
    throws (1: registry_errors.RegistryServiceException rse),
  bool deleteBatchQueue(1: required string computeResourceId, 2: required string queueName)
    throws (1: registry_errors.RegistryServiceException rse),
  list<statuses.QueueStatusModel> getLatestQueueStatuses() throws (1: registry_errors.RegistryServiceException rse),
  void registerQueueStatuses(1: required list<statuses.QueueStatusModel> queueStatuses)
    throws (1: registry_errors.RegistryServiceException rse),
  statuses.QueueStatusModel getQueueStatus(1: required string hostName, 2: required string queueName)
    throws (1: registry_errors.RegistryServiceException rse),

  // Applications
  string registerApplicationModule(
    1: required string gatewayId,
    2: required application_deployments.ApplicationModule applicationModule
  ) throws (1: registry_errors.RegistryServiceException rse),
  application_deployments.ApplicationModule getApplicationModule(1: required string appModuleId)
    throws (1: registry_errors.RegistryServiceException rse),
  bool updateApplicationModule(
    1: required string appModuleId,
    2: required application_deployments.ApplicationModule applicationModule
  ) throws (1: registry_errors.RegistryServiceException rse),
  list<application_deployments.ApplicationModule> getAllAppModules(1: required string gatewayId)
    throws (1: registry_errors.RegistryServiceException rse),
  list<application_deployments.ApplicationModule> getAccessibleAppModules(
    1: required string gatewayId,
    2: required list<string> accessibleAppDeploymentIds,
    3: required list<string> accessibleComputeResourceIds
  ) throws (1: registry_errors.RegistryServiceException rse),
  bool deleteApplicationModule(1: required string appModuleId) throws (1: registry_errors.RegistryServiceException rse),
  string registerApplicationDeployment(
    1: required string gatewayId,
    2: required application_deployments.ApplicationDeploymentDescription applicationDeployment
  ) throws (1: registry_errors.RegistryServiceException rse),
  application_deployments.ApplicationDeploymentDescription getApplicationDeployment(1: required string appDeploymentId)
    throws (1: registry_errors.RegistryServiceException rse),
  bool updateApplicationDeployment(
    1: required string appDeploymentId,
    2: required application_deployments.ApplicationDeploymentDescription applicationDeployment
  ) throws (1: registry_errors.RegistryServiceException rse),
  bool deleteApplicationDeployment(1: required string appDeploymentId)
    throws (1: registry_errors.RegistryServiceException rse),
  list<application_deployments.ApplicationDeploymentDescription> getAllApplicationDeployments(
    1: required string gatewayId
  ) throws (1: registry_errors.RegistryServiceException rse),
  list<application_deployments.ApplicationDeploymentDescription> getAccessibleApplicationDeployments(
    1: required string gatewayId,
    2: required list<string> accessibleAppDeploymentIds,
    3: required list<string> accessibleComputeResourceIds
  ) throws (1: registry_errors.RegistryServiceException rse),
  list<application_deployments.ApplicationDeploymentDescription> getAccessibleApplicationDeploymentsForAppModule(
    1: required string gatewayId,
    2: required string appModuleId,
    3: required list<string> accessibleAppDeploymentIds,
    4: required list<string> accessibleComputeResourceIds
  ) throws (1: registry_errors.RegistryServiceException rse),
  list<string> getAppModuleDeployedResources(1: required string appModuleId)
    throws (1: registry_errors.RegistryServiceException rse),
  list<application_deployments.ApplicationDeploymentDescription> getApplicationDeployments(
    1: required string appModuleId
  ) throws (1: registry_errors.RegistryServiceException rse),
  string registerApplicationInterface(
    1: required string gatewayId,
    2: required application_interfaces.ApplicationInterfaceDescription applicationInterface
  ) throws (1: registry_errors.RegistryServiceException rse),
  application_interfaces.ApplicationInterfaceDescription getApplicationInterface(1: required string appInterfaceId)
    throws (1: registry_errors.RegistryServiceException rse),
  bool updateApplicationInterface(
    1: required string appInterfaceId,
    2: required application_interfaces.ApplicationInterfaceDescription applicationInterface
  ) throws (1: registry_errors.RegistryServiceException rse),
  bool deleteApplicationInterface(1: required string appInterfaceId)
    throws (1: registry_errors.RegistryServiceException rse),
  map<string, string> getAllApplicationInterfaceNames(1: required string gatewayId)
    throws (1: registry_errors.RegistryServiceException rse),
  list<application_interfaces.ApplicationInterfaceDescription> getAllApplicationInterfaces(
    1: required string gatewayId
  ) throws (1: registry_errors.RegistryServiceException rse),
  list<application_io.InputDataObjectType> getApplicationInputs(1: required string appInterfaceId)
    throws (1: registry_errors.RegistryServiceException rse),
  list<application_io.OutputDataObjectType> getApplicationOutputs(1: required string appInterfaceId)
    throws (1: registry_errors.RegistryServiceException rse),
  map<string, string> getAvailableAppInterfaceComputeResources(1: required string appInterfaceId)
    throws (1: registry_errors.RegistryServiceException rse),

  // Data products
  string registerDataProduct(1: required data_products.DataProductModel dataProductModel)
    throws (1: registry_errors.RegistryServiceException rse),
  data_products.DataProductModel getDataProduct(1: required string dataProductUri)
    throws (1: registry_errors.RegistryServiceException rse),
  string registerReplicaLocation(1: required data_products.DataReplicaLocationModel replicaLocationModel)
    throws (1: registry_errors.RegistryServiceException rse),
  data_products.DataProductModel getParentDataProduct(1: required string productUri)
    throws (1: registry_errors.RegistryServiceException rse),
  list<data_products.DataProductModel> getChildDataProducts(1: required string productUri)
    throws (1: registry_errors.RegistryServiceException rse),
  list<data_products.DataProductModel> searchDataProductsByName(
    1: required string gatewayId,
    2: required string userId,
    3: required string productName,
    4: required i32 limit,
    5: required i32 offset
  ) throws (1: registry_errors.RegistryServiceException rse),

  // Notifications
  string createNotification(1: required workspaces.Notification notification)
    throws (1: registry_errors.RegistryServiceException rse),
  bool updateNotification(1: required workspaces.Notification notification)
    throws (1: registry_errors.RegistryServiceException rse),
  bool deleteNotification(1: required string gatewayId, 2: required string notificationId)
    throws (1: registry_errors.RegistryServiceException rse),
  workspaces.Notification getNotification(1: required string gatewayId, 2: required string notificationId)
    throws (1: registry_errors.RegistryServiceException rse),
  list<workspaces.Notification> getAllNotifications(1: required string gatewayId)
    throws (1: registry_errors.RegistryServiceException rse),

  // Experiments, processes, tasks and jobs
  list<experiments.ExperimentSummaryModel> searchExperiments(
    1: required string gatewayId,
    2: required string userName,
    3: required list<string> accessibleExpIds,
    4: map<experiments.ExperimentSearchFields, string> filters,
    5: required i32 limit,
    6: required i32 offset
  ) throws (1: registry_errors.RegistryServiceException rse),
  experiments.ExperimentStatistics getExperimentStatistics(
    1: required string gatewayId,
    2: required i64 fromTime,
    3: required i64 toTime,
    4: string userName,
    5: string applicationName,
    6: string resourceHostName,
    7: list<string> accessibleExpIds,
    8: i32 limit = 50,
    9: i32 offset = 0
  ) throws (1: registry_errors.RegistryServiceException rse),
  list<experiments.ExperimentModel> getUserExperiments(
    1: required string gatewayId,
    2: required string userName,
    3: required i32 limit,
    4: required i32 offset
  ) throws (1: registry_errors.RegistryServiceException rse),
  string createExperiment(1: required string gatewayId, 2: required experiments.ExperimentModel experiment)
    throws (1: registry_errors.RegistryServiceException rse),
  bool deleteExperiment(1: required string experimentId) throws (1: registry_errors.RegistryServiceException rse),
  experiments.ExperimentModel getExperiment(1: required string airavataExperimentId)
    throws (1: registry_errors.RegistryServiceException rse, 2: api_errors.ExperimentNotFoundException enf),
  experiments.ExperimentModel getDetailedExperimentTree(1: required string airavataExperimentId)
    throws (1: registry_errors.RegistryServiceException rse, 2: api_errors.ExperimentNotFoundException enf),
  void updateExperiment(1: required string airavataExperimentId, 2: required experiments.ExperimentModel experiment)
    throws (1: registry_errors.RegistryServiceException rse, 2: api_errors.ExperimentNotFoundException enf),
  void updateExperimentConfiguration(
    1: required string airavataExperimentId,
    2: required experiments.UserConfigurationDataModel userConfiguration
  ) throws (1: registry_errors.RegistryServiceException rse),
  void updateResourceScheduleing(
    1: required string airavataExperimentId,
    2: required scheduling.ComputationalResourceSchedulingModel resourceScheduling
  ) throws (1: registry_errors.RegistryServiceException rse),
  statuses.ExperimentStatus getExperimentStatus(1: required string airavataExperimentId)
    throws (1: registry_errors.RegistryServiceException rse, 2: api_errors.ExperimentNotFoundException enf),
  list<application_io.OutputDataObjectType> getExperimentOutputs(1: required string airavataExperimentId)
    throws (1: registry_errors.RegistryServiceException rse, 2: api_errors.ExperimentNotFoundException enf),
  list<application_io.OutputDataObjectType> getIntermediateOutputs(1: required string airavataExperimentId)
    throws (1: registry_errors.RegistryServiceException rse, 2: api_errors.ExperimentNotFoundException enf),
  map<string, statuses.JobStatus> getJobStatuses(1: required string airavataExperimentId)
    throws (1: registry_errors.RegistryServiceException rse, 2: api_errors.ExperimentNotFoundException enf),
  void addExperimentProcessOutputs(
    1: required string outputType,
    2: required list<application_io.OutputDataObjectType> outputs,
    3: required string id
  ) throws (1: registry_errors.RegistryServiceException rse),
  void addTaskStatus(1: required statuses.TaskStatus taskStatus, 2: required string taskId)
    throws (1: registry_errors.RegistryServiceException rse),
  void addProcessStatus(1: required statuses.ProcessStatus processStatus, 2: required string processId)
    throws (1: registry_errors.RegistryServiceException rse),
  void updateProcessStatus(1: required statuses.ProcessStatus processStatus, 2: required string processId)
    throws (1: registry_errors.RegistryServiceException rse),
  void updateExperimentStatus(1: required statuses.ExperimentStatus experimentStatus, 2: required string experimentId)
    throws (1: registry_errors.RegistryServiceException rse),
  void addJobStatus(1: required statuses.JobStatus jobStatus, 2: required string taskId, 3: required string jobId)
    throws (1: registry_errors.RegistryServiceException rse),
  void addJob(1: required jobs.JobModel jobModel, 2: required string processId)
    throws (1: registry_errors.RegistryServiceException rse),
  void deleteJobs(1: required string processId) throws (1: registry_errors.RegistryServiceException rse),
  i32 getJobCount(
    1: required statuses.JobStatus jobStatus,
    2: required string gatewayId,
    3: required double searchBackTimeInMinutes
  ) throws (1: registry_errors.RegistryServiceException rse),
  string addProcess(1: required processes.ProcessModel processModel, 2: required string experimentId)
    throws (1: registry_errors.RegistryServiceException rse),
  void updateProcess(1: required processes.ProcessModel processModel, 2: required string processId)
    throws (1: registry_errors.RegistryServiceException rse),
  string addTask(1: required tasks.TaskModel taskModel, 2: required string processId)
    throws (1: registry_errors.RegistryServiceException rse),
  void deleteTasks(1: required string processId) throws (1: registry_errors.RegistryServiceException rse),
  processes.ProcessModel getProcess(1: required string processId)
    throws (1: registry_errors.RegistryServiceException rse),
  list<processes.ProcessModel> getProcessList(1: required string experimentId)
    throws (1: registry_errors.RegistryServiceException rse),
  statuses.ProcessStatus getProcessStatus(1: required string processId)
    throws (1: registry_errors.RegistryServiceException rse),
  list<processes.ProcessModel> getProcessListInState(1: required statuses.ProcessState processState)
    throws (1: registry_errors.RegistryServiceException rse),
  list<statuses.ProcessStatus> getProcessStatusList(1: required string processId)
    throws (1: registry_errors.RegistryServiceException rse),
  bool isJobExist(1: required string queryType, 2: required string id)
    throws (1: registry_errors.RegistryServiceException rse),
  jobs.JobModel getJob(1: required string queryType, 2: required string id)
    throws (1: registry_errors.RegistryServiceException rse),
  list<jobs.JobModel> getJobs(1: required string queryType, 2: required string id)
    throws (1: registry_errors.RegistryServiceException rse),
  list<application_io.OutputDataObjectType> getProcessOutputs(1: required string processId)
    throws (1: registry_errors.RegistryServiceException rse),
  list<string> getProcessIds(1: required string experimentId) throws (1: registry_errors.RegistryServiceException rse),
  list<jobs.JobModel> getJobDetails(1: required string airavataExperimentId)
    throws (1: registry_errors.RegistryServiceException rse, 2: api_errors.ExperimentNotFoundException enf),

  // Projects
  string createProject(1: required string gatewayId, 2: required workspaces.Project project)
    throws (1: registry_errors.RegistryServiceException rse),
  void updateProject(1: required string projectId, 2: required workspaces.Project updatedProject)
    throws (1: registry_errors.RegistryServiceException rse, 2: api_errors.ProjectNotFoundException pnfe),
  workspaces.Project getProject(1: required string projectId)
    throws (1: registry_errors.RegistryServiceException rse, 2: api_errors.ProjectNotFoundException pnfe),
  bool deleteProject(1: required string projectId)
    throws (1: registry_errors.RegistryServiceException rse, 2: api_errors.ProjectNotFoundException pnfe),
  list<workspaces.Project> getUserProjects(
    1: required string gatewayId,
    2: required string userName,
    3: required i32 limit,
    4: required i32 offset
  ) throws (1: registry_errors.RegistryServiceException rse),
  list<workspaces.Project> searchProjects(
    1: required string gatewayId,
    2: required string userName,
    3: required list<string> accessibleProjIds,
    4: map<experiments.ProjectSearchFields, string> filters,
    5: required i32 limit,
    6: required i32 offset
  ) throws (1: registry_errors.RegistryServiceException rse),
  list<experiments.ExperimentModel> getExperimentsInProject(
    1: required string gatewayId,
    2: required string projectId,
    3: required i32 limit,
    4: i32 offset
  ) throws (1: registry_errors.RegistryServiceException rse, 2: api_errors.ProjectNotFoundException pnfe),

  // Groups
  void createGatewayGroups(1: required gateway_groups.GatewayGroups gatewayGroups)
    throws (1: registry_errors.RegistryServiceException rse, 2: api_errors.DuplicateEntryException dee),
  void updateGatewayGroups(1: required gateway_groups.GatewayGroups gatewayGroups)
    throws (1: registry_errors.RegistryServiceException rse),
  bool isGatewayGroupsExists(1: required string gatewayId) throws (1: registry_errors.RegistryServiceException rse),
  gateway_groups.GatewayGroups getGatewayGroups(1: required string gatewayId)
    throws (1: registry_errors.RegistryServiceException rse),

  // Gateways and users
  bool isUserExists(1: required string gatewayId, 2: required string userName)
    throws (1: registry_errors.RegistryServiceException rse),
  string addGateway(1: required workspaces.Gateway gateway)
    throws (1: registry_errors.RegistryServiceException rse, 2: api_errors.DuplicateEntryException dee),
  list<string> getAllUsersInGateway(1: required string gatewayId)
    throws (1: registry_errors.RegistryServiceException rse),
  bool updateGateway(1: required string gatewayId, 2: required workspaces.Gateway updatedGateway)
    throws (1: registry_errors.RegistryServiceException rse),
  workspaces.Gateway getGateway(1: required string gatewayId) throws (1: registry_errors.RegistryServiceException rse),
  bool deleteGateway(1: required string gatewayId) throws (1: registry_errors.RegistryServiceException rse),
  list<workspaces.Gateway> getAllGateways() throws (1: registry_errors.RegistryServiceException rse),
  bool isGatewayExist(1: required string gatewayId) throws (1: registry_errors.RegistryServiceException rse),
  void addErrors(1: required string errorType, 2: required error_reports.ErrorModel errorModel, 3: string id)
    throws (1: registry_errors.RegistryServiceException rse),
  map<string, double> getAVGTimeDistribution(1: required string gatewayId, 3: required double searchBackTimeInMinutes)
    throws (1: registry_errors.RegistryServiceException rse),
  experiments.UserConfigurationDataModel getUserConfigurationData(1: required string experimentId)
    throws (1: registry_errors.RegistryServiceException rse),
  string addUser(1: required user_profiles.UserProfile userProfile)
    throws (1: registry_errors.RegistryServiceException rse, 2: api_errors.DuplicateEntryException dee),
  bool isGatewayUsageReportingAvailable(1: required string gatewayId, 2: required string computeResourceId)
    throws (1: registry_errors.RegistryServiceException rse),
  workspaces.GatewayUsageReportingCommand getGatewayReportingCommand(
    1: required string gatewayId,
    2: required string computeResourceId
  ) throws (1: registry_errors.RegistryServiceException rse),
  void addGatewayUsageReportingCommand(1: workspaces.GatewayUsageReportingCommand command)
    throws (1: registry_errors.RegistryServiceException rse),
  void removeGatewayUsageReportingCommand(1: required string gatewayId, 2: required string computeResourceId)
    throws (1: registry_errors.RegistryServiceException rse),
}
