"""A notebook in one program: ``airavata_experiments`` of ``airavata-python-sdk`` 2.2.7, from plan to results.

The first line that it reads says where the server is and who calls:
``gateway``, ``listeners`` (``host:port`` by name), ``tokens`` of ``root`` and
``ada``, ``storage_host`` and ``storage_root`` (the gateway's directory),
``scratch``, ``program`` (what the application runs), ``text`` (a file for it)
and ``results`` (a directory). It tells what it sees as lines of JSON.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from portal_sdk import Sdk, connect, heard, say

CLUSTER = "desk.example.org"
QUEUE = "anytime"
APPLICATION = "Shout"
PROJECT = "Default Project"


def main() -> None:
    """Register what an administrator registers, then work as a user does in a notebook."""
    told = heard()
    # The administrator has no second gateway here.
    second = {"gateway": told["gateway"], "token": told["tokens"]["root"]}
    sdk = connect("2.2.7", {**told, "secure": [], "second": second})
    _tell_the_sdk(told)
    _register(sdk, told)
    _work(told)


def _tell_the_sdk(told: Mapping[str, Any]) -> None:
    """What a notebook's environment holds. Source: ``airavata_sdk.Settings``."""
    os.environ.update(
        {
            "CS_ACCESS_TOKEN": told["tokens"]["ada"],
            "GATEWAY_ID": told["gateway"],
            "API_SERVER_URL": f"http://{told['listeners']['http']}",
            "STORAGE_RESOURCE_HOST": told["storage_host"],
            "SFTP_PORT": told["listeners"]["storage"].rpartition(":")[2],
            "GATEWAY_DATA_STORE_DIR": told["storage_root"],
        }
    )


def _register(sdk: Sdk, told: Mapping[str, Any]) -> None:
    """This machine as a compute resource, an application there, who may use it, and a project."""
    from airavata.model.group.ttypes import ResourcePermissionType
    from airavata.model.workspace.ttypes import Project

    root, ada, gateway = sdk.tokens["root"], sdk.tokens["ada"], told["gateway"]
    for token in (root, ada):
        sdk.users.initializeUserProfile(token)
    host = _compute_resource(sdk)
    deployment = _deployment(sdk, told, host)
    profile = _resource_profile(sdk, told, host)
    everybody = sdk.api.getGatewayGroups(root).defaultGatewayUsersGroupId
    for shared in (profile, deployment):
        sdk.api.shareResourceWithGroups(root, shared, {everybody: ResourcePermissionType.READ})
    sdk.api.createProject(ada, gateway, Project(owner="ada", gatewayId=gateway, name=PROJECT))


def _compute_resource(sdk: Sdk) -> str:
    """This machine, where a job is a process."""
    from airavata.model.appcatalog.computeresource import ttypes as compute
    from airavata.model.data.movement.ttypes import SecurityProtocol

    root = sdk.tokens["root"]
    queue = compute.BatchQueue(queueName=QUEUE, maxNodes=1, maxProcessors=4, cpuPerNode=4, maxRunTime=10)
    host: str = sdk.api.registerComputeResource(
        root, compute.ComputeResourceDescription(hostName=CLUSTER, enabled=True, batchQueues=[queue])
    )
    fork = compute.ResourceJobManager(resourceJobManagerType=compute.ResourceJobManagerType.FORK)
    sdk.api.addLocalSubmissionDetails(
        root, host, 0, compute.LOCALSubmission(resourceJobManager=fork, securityProtocol=SecurityProtocol.LOCAL)
    )
    return host


def _deployment(sdk: Sdk, told: Mapping[str, Any], host: str) -> str:
    """The application with its module and its interface, on that machine."""
    from airavata.model.appcatalog.appdeployment.ttypes import ApplicationDeploymentDescription, ApplicationModule
    from airavata.model.appcatalog.appinterface.ttypes import ApplicationInterfaceDescription
    from airavata.model.appcatalog.parallelism.ttypes import ApplicationParallelismType
    from airavata.model.application.io.ttypes import DataType, InputDataObjectType, OutputDataObjectType

    root, gateway = sdk.tokens["root"], told["gateway"]
    module = sdk.api.registerApplicationModule(root, gateway, ApplicationModule(appModuleName=APPLICATION))
    text = InputDataObjectType(
        name="Text", type=DataType.URI, isRequired=True, requiredToAddedToCommandLine=True, inputOrder=1
    )
    shouted = OutputDataObjectType(name="Shouted", value="shouted.txt", type=DataType.URI, isRequired=True)
    interface = ApplicationInterfaceDescription(
        applicationName=APPLICATION,
        applicationModules=[module],
        applicationInputs=[text],
        applicationOutputs=[shouted],
    )
    sdk.api.registerApplicationInterface(root, gateway, interface)
    deployment = ApplicationDeploymentDescription(
        appModuleId=module,
        computeHostId=host,
        executablePath=told["program"],
        parallelism=ApplicationParallelismType.SERIAL,
    )
    made: str = sdk.api.registerApplicationDeployment(root, gateway, deployment)
    return made


def _resource_profile(sdk: Sdk, told: Mapping[str, Any], host: str) -> str:
    """How a group uses that machine."""
    from airavata.model.appcatalog.computeresource.ttypes import JobSubmissionProtocol
    from airavata.model.appcatalog.groupresourceprofile import ttypes as group_profiles

    preference = group_profiles.GroupComputeResourcePreference(
        computeResourceId=host,
        scratchLocation=told["scratch"],
        preferredJobSubmissionProtocol=JobSubmissionProtocol.LOCAL,
        resourceType=group_profiles.ResourceType.SLURM,
    )
    policy = group_profiles.ComputeResourcePolicy(computeResourceId=host, allowedBatchQueues=[QUEUE])
    profile = group_profiles.GroupResourceProfile(
        gatewayId=told["gateway"],
        groupResourceProfileName="Default",
        computePreferences=[preference],
        computeResourcePolicies=[policy],
    )
    made: str = sdk.api.createGroupResourceProfile(sdk.tokens["root"], profile)
    return made


def _work(told: Mapping[str, Any]) -> None:
    """The steps of a notebook."""
    import airavata_experiments as ae
    from airavata_experiments.base import Experiment, ExperimentApp

    ae.login()
    runtimes = ae.find_runtimes(cluster=CLUSTER, group="Default")
    say("runtimes", found=[dict(each.args) for each in runtimes])
    experiment = Experiment("shouting", ExperimentApp(APPLICATION)).with_inputs(text=told["text"])
    experiment.input_mapping = {"Text": ("text", "uri")}
    experiment.tasks = []
    experiment.add_run(use=runtimes, cpus=1, nodes=1, walltime=5)
    plan = experiment.plan()
    plan.launch()
    task = plan.tasks[0]
    say("launched", experiment=task.ref, directory=task.workdir, host=task.sr_host)
    plan.wait_for_completion(check_every_n_mins=0.01)
    say("ended", status=task.status()[1], files=sorted(task.ls()), shouted=task.cat("shouted.txt").decode())
    more = Path(told["results"], "more.txt")
    more.write_text("more", "utf-8")
    say("uploaded", place=task.upload(str(more)), files=sorted(task.ls()))
    plan.download(told["results"])
    say(
        "results",
        files={each.name: each.read_text("utf-8") for each in Path(told["results"]).iterdir() if each.suffix == ".txt"},
        plan=[each.ref for each in ae.plan.load(plan.id).tasks],
        plans=[each.id == plan.id for each in ae.plan.query()],
        executed=task.exec("id").decode(),
    )


if __name__ == "__main__":
    main()
