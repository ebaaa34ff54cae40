"""What the users of a portal do: experiments made, launched, followed, cancelled, cloned and found again."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote, urlsplit

from airavata.model.application.io.ttypes import DataType
from airavata.model.data.replica.ttypes import (
    DataProductModel,
    DataProductType,
    DataReplicaLocationModel,
    ReplicaLocationCategory,
)
from airavata.model.experiment.ttypes import (
    ExperimentModel,
    ExperimentSearchFields,
    ExperimentType,
    ProjectSearchFields,
    UserConfigurationDataModel,
)
from airavata.model.scheduling.ttypes import ComputationalResourceSchedulingModel
from airavata.model.security.ttypes import AuthzToken
from airavata.model.status.ttypes import ExperimentState, JobState, ProcessState
from airavata.model.workspace.ttypes import Project
from portal_sdk import say
from portal_setup import Portal

_PATIENCE_S = 60
_POLL_S = 0.1
_ENDS = ("CANCELED", "COMPLETED", "FAILED")


class Work:
    """The experiments of one user."""

    def __init__(self, portal: Portal, user: str) -> None:
        self.portal, self.user = portal, user
        self.api, self.token = portal.sdk.api, portal.sdk.tokens[user]
        project = Project(owner=user, gatewayId=portal.gateway, name="Words", description="Words in order")
        self.project = self.api.createProject(self.token, portal.gateway, project)
        self.product = self._upload()

    def _upload(self) -> str:
        """A file that is in the storage already, as a data product."""
        portal = self.portal
        replica = DataReplicaLocationModel(
            storageResourceId=portal.storage,
            replicaName="words.txt gateway data store copy",
            replicaLocationCategory=ReplicaLocationCategory.GATEWAY_DATA_STORE,
            filePath=f"file://{portal.told['ssh']['delta']}:{portal.told['storage_root']}/words.txt",
        )
        product = DataProductModel(
            gatewayId=portal.gateway,
            ownerName=self.user,
            productName="words.txt",
            dataProductType=DataProductType.FILE,
            replicaLocations=[replica],
        )
        return str(self.api.registerDataProduct(self.token, product))

    # -- making ---------------------------------------------------------------------------
    def made(self, name: str, application: str, machine: str, values: dict[str, str], *, group: bool) -> str:
        """A new experiment, by the group's resource profile or by that of the gateway."""
        portal = self.portal
        scheduling = ComputationalResourceSchedulingModel(
            resourceHostId=machine, totalCPUCount=1, nodeCount=1, queueName="normal", wallTimeLimit=5
        )
        configuration = UserConfigurationDataModel(
            airavataAutoSchedule=False,
            overrideManualScheduledParams=False,
            computationalResourceScheduling=scheduling,
            experimentDataDir=f"{portal.told['storage_root']}/{self.user}/{name}",
        )
        self._name_storage(configuration)
        if group:
            configuration.groupResourceProfileId = portal.group_profile
        inputs = self.api.getApplicationInputs(self.token, application)
        for each in inputs:
            each.value = values[each.name]
        experiment = ExperimentModel(
            projectId=self.project,
            gatewayId=portal.gateway,
            experimentType=ExperimentType.SINGLE_APPLICATION,
            userName=self.user,
            experimentName=name,
            description=f"{name} of {self.user}",
            executionId=application,
            userConfigurationData=configuration,
            experimentInputs=inputs,
            experimentOutputs=self.api.getApplicationOutputs(self.token, application),
        )
        return str(self.api.createExperiment(self.token, portal.gateway, experiment))

    def _name_storage(self, configuration: Any) -> None:
        """The generation of late 2025 has one storage for inputs and one for outputs."""
        if hasattr(configuration, "inputStorageResourceId"):
            configuration.inputStorageResourceId = self.portal.storage
            configuration.outputStorageResourceId = self.portal.storage
        else:
            configuration.storageId = self.portal.storage

    def sort(self, name: str, machine: str, *, group: bool) -> str:
        """Words that come in no order."""
        return self.made(name, self.portal.sort, machine, {"Text": self.product}, group=group)

    def launch(self, experiment: str) -> None:
        """Hand it to the engine."""
        self.api.launchExperiment(self.token, experiment, self.portal.gateway)

    # -- following ---------------------------------------------------------------------------
    def until_ended(self, experiment: str) -> list[str]:
        """The states that are seen while polling, to its end."""
        seen: dict[str, None] = {}

        def look() -> bool:
            state = self.state(experiment)
            seen.setdefault(state)
            return state in _ENDS

        wait_until(look)
        return list(seen)

    def state(self, experiment: str) -> str:
        """The state's name."""
        return named(ExperimentState, self.api.getExperimentStatus(self.token, experiment).state)

    def runs(self, experiment: str) -> bool:
        """Whether its job has started."""
        return JobState.ACTIVE in [each.jobState for each in self.api.getJobStatuses(self.token, experiment).values()]

    # -- reading -------------------------------------------------------------------------------
    def seen_in_tree(self, experiment: str) -> dict[str, Any]:
        """Processes, tasks and jobs, as a portal's page about an experiment shows them."""
        tree = self.api.getDetailedExperimentTree(self.token, experiment)
        process = tree.processes[0]
        jobs = [job for task in process.tasks for job in task.jobs or []]
        details = self.api.getJobDetails(self.token, experiment)
        return {
            "processes": len(tree.processes),
            "process_state": int(process.processStatuses[-1].state),
            "machine": process.computeResourceId,
            "tasks": [int(each.taskType) for each in process.tasks],
            "task_states": sorted({int(each.taskStatuses[-1].state) for each in process.tasks}),
            "jobs": [[job.jobId, int(job.jobStatuses[-1].jobState)] for job in jobs],
            "details": [job.jobId for job in details],
            "statuses": list(self.api.getJobStatuses(self.token, experiment)),
            "names": [job.jobName for job in details],
            "errors": [each.userFriendlyMessage for each in tree.errors or []],
        }

    def outputs(self, experiment: str) -> dict[str, str]:
        """Where each output file is, by its data product."""
        found = self.api.getExperimentOutputs(self.token, experiment)
        return {each.name: self._place(each.value) for each in found if each.value}

    def _place(self, uri: str) -> str:
        product = self.api.getDataProduct(self.token, uri)
        return unquote(urlsplit(product.replicaLocations[0].filePath).path)


def run(portal: Portal) -> Work:
    """Everything that ada does with experiments."""
    work = Work(portal, "ada")
    look_at_project(work)
    on_slurm = work.sort("Sort on Slurm", portal.alpha, group=True)
    forked = work.sort("Sort by fork", portal.delta, group=False)
    endless = work.made("Sleep long", portal.sleep, portal.alpha, {"Seconds": "600"}, group=True)
    valid = work.api.validateExperiment(work.token, on_slurm)
    for experiment in (on_slurm, forked, endless):
        work.launch(experiment)
    refused = refusals(work, on_slurm)
    for kind, experiment in (("slurm", on_slurm), ("fork", forked)):
        states = work.until_ended(experiment)
        say(
            "run",
            kind=kind,
            id=experiment,
            valid=valid,
            states=states,
            outputs=work.outputs(experiment),
            **work.seen_in_tree(experiment),
        )
    say("refused", **refused)
    cancel(work, endless)
    clone(work, on_slurm)
    search(work, on_slurm)
    return work


def look_at_project(work: Work) -> None:
    """A project, found in each way."""
    api, token, gateway = work.api, work.token, work.portal.gateway
    api.updateProject(
        token,
        work.project,
        Project(projectID=work.project, owner=work.user, gatewayId=gateway, name="Words", description="In order"),
    )
    filters = {ProjectSearchFields.PROJECT_NAME: "ord"}
    say(
        "project",
        description=api.getProject(token, work.project).description,
        own=[each.name for each in api.getUserProjects(token, gateway, work.user, 10, 0)],
        found=[
            each.projectID == work.project for each in api.searchProjects(token, gateway, work.user, filters, 10, 0)
        ],
    )


def refusals(work: Work, launched: str) -> dict[str, str]:
    """What the server says to requests that it cannot carry out, by the exception's name."""
    api, token, gateway = work.api, work.token, work.portal.gateway
    crowded = work.sort("Too many nodes", work.portal.alpha, group=True)
    api.updateResourceScheduleing(
        token,
        crowded,
        ComputationalResourceSchedulingModel(
            resourceHostId=work.portal.alpha, totalCPUCount=1, nodeCount=2, queueName="debug", wallTimeLimit=5
        ),
    )
    calls: dict[str, Callable[[], Any]] = {
        "unknown experiment": lambda: api.getExperiment(token, "nothing_like_it"),
        "unknown project": lambda: api.getProject(token, "nothing_like_it"),
        "launched again": lambda: api.launchExperiment(token, launched, gateway),
        "queue not allowed": lambda: api.validateExperiment(token, crowded),
        "deleted after its launch": lambda: api.deleteExperiment(token, launched),
        "another gateway": lambda: api.getUserProjects(token, "elsewhere", work.user, 10, 0),
        "forged token": lambda: api.getProject(_forged(token), work.project),
        "another's name": lambda: api.getProject(_as_another(token), work.project),
    }
    found = {name: exception_of(call) for name, call in calls.items()}
    assert api.deleteExperiment(token, crowded)
    return found


def _forged(token: Any) -> Any:
    """A token whose signature is not right."""
    return AuthzToken(accessToken=token.accessToken[:-8] + "A" * 8, claimsMap=token.claimsMap)


def _as_another(token: Any) -> Any:
    """A token with the claims of somebody else."""
    return AuthzToken(accessToken=token.accessToken, claimsMap={**token.claimsMap, "userName": "root"})


def exception_of(call: Callable[[], Any]) -> str:
    """The name of what the call raises."""
    try:
        call()
    except Exception as error:  # noqa: BLE001 - its class is what is told
        return type(error).__name__
    return "none"


def cancel(work: Work, experiment: str) -> None:
    """End an experiment whose job runs."""
    wait_until(lambda: work.runs(experiment))
    look_inside(work, experiment)
    work.api.terminateExperiment(work.token, experiment, work.portal.gateway)
    states = work.until_ended(experiment)
    say("cancelled", states=states, **work.seen_in_tree(experiment))


def look_inside(work: Work, experiment: str) -> None:
    """What a job that runs has written until now."""
    api, token, wanted = work.api, work.token, ["Sleep-STDOUT"]
    api.fetchIntermediateOutputs(token, experiment, wanted)

    def fetched() -> bool:
        state = api.getIntermediateOutputProcessStatus(token, experiment, wanted).state
        assert state != ProcessState.FAILED
        return bool(state == ProcessState.COMPLETED)

    wait_until(fetched)
    found = {each.name: bool(each.value) for each in api.getIntermediateOutputs(token, experiment)}
    say("intermediate", found=found, state=work.state(experiment))


def clone(work: Work, experiment: str) -> None:
    """The same again, under another name, changed before its launch."""
    api, token = work.api, work.token
    copy = api.cloneExperiment(token, experiment, "Sort again", work.project)
    changed = api.getExperiment(token, copy)
    changed.description = "Second time"
    changed.userConfigurationData.experimentDataDir = f"{work.portal.told['storage_root']}/{work.user}/again"
    api.updateExperiment(token, copy, changed)
    configuration = api.getExperiment(token, copy).userConfigurationData
    configuration.throttleResources = True
    api.updateExperimentConfiguration(token, copy, configuration)
    work.launch(copy)
    states = work.until_ended(copy)
    read = api.getExperiment(token, copy)
    say(
        "cloned",
        other=copy != experiment,
        name=read.experimentName,
        description=read.description,
        group=read.userConfigurationData.groupResourceProfileId == work.portal.group_profile,
        directory=read.userConfigurationData.experimentDataDir,
        throttled=read.userConfigurationData.throttleResources,
        as_oneself=bool(read.userConfigurationData.useUserCRPref),
        inputs=[each.value == work.product for each in read.experimentInputs if each.type == DataType.URI],
        states=states,
        outputs=work.outputs(copy),
    )


def search(work: Work, experiment: str) -> None:
    """Lists of experiments, by what portals search for, and their numbers."""
    api, token, gateway = work.api, work.token, work.portal.gateway
    ended = {ExperimentSearchFields.STATUS: "COMPLETED"}
    # Lists follow what a single experiment is known to be.
    wait_until(lambda: len(api.searchExperiments(token, gateway, work.user, ended, 20, 0)) == 3)
    job = next(iter(api.getJobStatuses(token, experiment)))
    fields = {
        "name": {ExperimentSearchFields.EXPERIMENT_NAME: "sort"},
        "state": {ExperimentSearchFields.STATUS: "CANCELED"},
        "project": {ExperimentSearchFields.PROJECT_ID: work.project},
        "application": {ExperimentSearchFields.APPLICATION_ID: work.portal.sleep},
        "words": {ExperimentSearchFields.EXPERIMENT_DESC: "second"},
        "job": {ExperimentSearchFields.JOB_ID: job},
        "dates": {ExperimentSearchFields.FROM_DATE: "0", ExperimentSearchFields.TO_DATE: "1"},
    }
    found = {
        each: [summary.name for summary in api.searchExperiments(token, gateway, work.user, filters, 20, 0)]
        for each, filters in fields.items()
    }
    now_ms = int(time.time() * 1000)
    statistics = api.getExperimentStatistics(
        work.portal.admin, gateway, now_ms - 3_600_000, now_ms + 60_000, None, None, None, 20, 0
    )
    page = api.searchExperiments(token, gateway, work.user, {}, 2, 1)
    say(
        "search",
        found={each: sorted(names) for each, names in found.items()},
        page=[each.experimentStatus for each in page],
        own=sorted(each.experimentName for each in api.getUserExperiments(token, gateway, work.user, 20, 0)),
        in_project=len(api.getExperimentsInProject(token, work.project, 20, 0)),
        numbers=[
            statistics.allExperimentCount,
            statistics.completedExperimentCount,
            statistics.cancelledExperimentCount,
            statistics.failedExperimentCount,
        ],
    )


def wait_until(reached: Callable[[], bool]) -> None:
    """Poll, as portals do. Raises ``TimeoutError``."""
    patience_s = time.monotonic() + _PATIENCE_S
    while not reached():
        if time.monotonic() > patience_s:
            raise TimeoutError(f"It did not come in {_PATIENCE_S} s.")
        time.sleep(_POLL_S)


def named(enumeration: Any, value: Any) -> str:
    """The name of a value, whether the SDK has classes of numbers or enumerations."""
    names = getattr(enumeration, "_VALUES_TO_NAMES", None)
    return str(names[value] if names else enumeration(value).name)
