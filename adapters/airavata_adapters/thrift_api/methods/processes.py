"""Processes, tasks and jobs: for the servers of an installation among themselves."""

from __future__ import annotations

from airavata_adapters.thrift_api.targets import Table

REGISTRY: Table = {
    "addProcess": ("process_catalogue", "add_process"),
    "updateProcess": ("process_catalogue", "update_process"),
    "getProcess": ("process_catalogue", "get_process"),
    "getProcessList": ("process_catalogue", "processes"),
    "getProcessIds": ("process_catalogue", "process_ids"),
    "getProcessListInState": ("process_catalogue", "processes_in_state"),
    "addProcessStatus": ("process_catalogue", "add_process_status"),
    "updateProcessStatus": ("process_catalogue", "add_process_status"),
    "getProcessStatus": ("process_catalogue", "process_status"),
    "getProcessStatusList": ("process_catalogue", "process_statuses"),
    "getProcessOutputs": ("process_catalogue", "process_outputs"),
    "addProcessWorkflow": ("process_catalogue", "add_process_workflow"),
    "getProcessWorkflows": ("process_catalogue", "process_workflows"),
    "addTask": ("process_catalogue", "add_task"),
    "addTaskStatus": ("process_catalogue", "add_task_status"),
    "deleteTasks": ("process_catalogue", "delete_tasks"),
    "addJob": ("process_catalogue", "add_job"),
    "addJobStatus": ("process_catalogue", "add_job_status"),
    "deleteJobs": ("process_catalogue", "delete_jobs"),
    "getJob": ("process_catalogue", "job"),
    "getJobs": ("process_catalogue", "jobs"),
    "isJobExist": ("process_catalogue", "has_job"),
    "getJobCount": ("process_catalogue", "job_count"),
    "getAVGTimeDistribution": ("process_catalogue", "average_times"),
    "getUserConfigurationData": ("process_catalogue", "user_configuration"),
    "updateExperimentStatus": ("process_catalogue", "add_experiment_status"),
    "addExperimentProcessOutputs": ("process_catalogue", "add_outputs"),
    "addErrors": ("process_catalogue", "add_error"),
}
