"""Experiments: their life, what became of them, lists of them."""

from __future__ import annotations

from airavata_adapters.thrift_api.targets import Table

AIRAVATA: Table = {
    "createExperiment": ("experiments", "create"),
    "updateExperiment": ("experiments", "update"),
    "updateExperimentConfiguration": ("experiments", "update_configuration"),
    "updateResourceScheduleing": ("experiments", "update_scheduling"),
    "deleteExperiment": ("experiments", "delete"),
    "validateExperiment": ("experiments", "validate"),
    "launchExperiment": ("experiments", "launch"),
    "terminateExperiment": ("experiments", "terminate"),
    "cloneExperiment": ("experiments", "clone"),
    "cloneExperimentByAdmin": ("experiments", "clone_by_admin"),
    "getExperiment": ("experiment_views", "get"),
    "getExperimentByAdmin": ("experiment_views", "get_by_admin"),
    "getDetailedExperimentTree": ("experiment_views", "tree"),
    "getExperimentStatus": ("experiment_views", "status"),
    "getExperimentOutputs": ("experiment_views", "outputs"),
    "getJobStatuses": ("experiment_views", "job_statuses"),
    "getJobDetails": ("experiment_views", "jobs"),
    "fetchIntermediateOutputs": ("intermediate_outputs", "fetch"),
    "getIntermediateOutputProcessStatus": ("intermediate_outputs", "status"),
    "getIntermediateOutputs": ("intermediate_outputs", "outputs"),
    "searchExperiments": ("experiment_lists", "search"),
    "getUserExperiments": ("experiment_lists", "of_user"),
    "getExperimentsInProject": ("experiment_lists", "in_project"),
    "getExperimentStatistics": ("experiment_lists", "statistics"),
}
REGISTRY: Table = {
    "createExperiment": ("experiments", "create"),
    "updateExperiment": ("experiments", "update"),
    "updateExperimentConfiguration": ("experiments", "update_configuration"),
    "updateResourceScheduleing": ("experiments", "update_scheduling"),
    "deleteExperiment": ("experiments", "delete"),
    "getExperiment": ("experiment_views", "get"),
    "getDetailedExperimentTree": ("experiment_views", "tree"),
    "getExperimentStatus": ("experiment_views", "status"),
    "getExperimentOutputs": ("experiment_views", "outputs"),
    "getJobStatuses": ("experiment_views", "job_statuses"),
    "getJobDetails": ("experiment_views", "jobs"),
    "getUserExperiments": ("experiment_lists", "of_user"),
    "getIntermediateOutputs": ("intermediate_outputs", "outputs"),
    "getExperimentsInProject": ("experiment_lists", "in_project_of_gateway"),
    "searchExperiments": ("experiment_lists", "search_among"),
    "getExperimentStatistics": ("experiment_lists", "statistics_among"),
}
ORCHESTRATOR: Table = {
    "launchExperiment": ("orchestration", "launch"),
    "validateExperiment": ("orchestration", "validate"),
    "launchProcess": ("orchestration", "launch_process"),
    "validateProcess": ("orchestration", "validate_process"),
    "terminateExperiment": ("orchestration", "terminate"),
}
