"""Several peers of the registry at once: nothing that one of them writes undoes what another one wrote."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from registry_site import RegistrySite
from thrift_doors import GATEWAY

from airavata_thrift.application_io.ttypes import OutputDataObjectType
from airavata_thrift.compute_resources.ttypes import ComputeResourceDescription, ResourceJobManager, SSHJobSubmission
from airavata_thrift.data_movement.ttypes import SecurityProtocol
from airavata_thrift.error_reports.ttypes import ErrorModel
from airavata_thrift.gateway_resource_profiles.ttypes import ComputeResourcePreference, GatewayResourceProfile
from airavata_thrift.processes.ttypes import ProcessWorkflow
from airavata_thrift.registry import RegistryService
from airavata_thrift.statuses.ttypes import JobState, JobStatus

PEERS, CALLS = 4, 6


def at_once(site: RegistrySite, call: Callable[[Any, str], object]) -> set[str]:
    """Let all peers call at once, each several times; returns the names that they gave."""
    peers = [site.client(RegistryService, "registry") for _ in range(PEERS)]

    def several(number: int) -> list[str]:
        names = [f"{number}-{turn}" for turn in range(CALLS)]
        for name in names:
            call(peers[number], name)
        return names

    with ThreadPoolExecutor(PEERS) as pool:
        return {name for names in pool.map(several, range(PEERS)) for name in names}


def test_what_peers_add_to_one_process_is_all_there(site: RegistrySite) -> None:
    process = site.process(site.experiment(site.project()))
    task = site.task(process)
    site.job("77", task, process)

    def add(peer: Any, name: str) -> None:
        peer.addErrors("PROCESS_ERROR", ErrorModel(actualErrorMessage=name), process)
        peer.addProcessWorkflow(ProcessWorkflow(processId=process, workflowId=name))
        peer.addExperimentProcessOutputs("PROCESS_OUTPUT", [OutputDataObjectType(name=name)], process)
        peer.addJobStatus(JobStatus(jobState=JobState.ACTIVE, reason=name, statusId=name), task, "77")

    names = at_once(site, add)
    read = site.registry.getProcess(process)
    assert {each.actualErrorMessage for each in read.processErrors} == names
    assert {each.workflowId for each in read.processWorkflows} == names
    assert {each.name for each in read.processOutputs} == names
    assert {each.reason for each in read.tasks[0].jobs[0].jobStatuses} == names


def test_what_peers_add_to_one_resource_is_all_there(site: RegistrySite) -> None:
    machine = site.machine("alpha.example.org")
    keys = SecurityProtocol.SSH_KEYS

    def add(peer: Any, name: str) -> None:
        manager = ResourceJobManager(resourceJobManagerType=2)
        sent = SSHJobSubmission(securityProtocol=keys, resourceJobManager=manager, alternativeSSHHostName=f"h{name}")
        peer.addSSHJobSubmissionDetails(machine, 0, sent)

    names = at_once(site, add)
    ways = site.registry.getComputeResource(machine).jobSubmissionInterfaces
    hosts = {site.registry.getSSHJobSubmission(each.jobSubmissionInterfaceId).alternativeSSHHostName for each in ways}
    assert hosts == {f"h{name}" for name in names}


def test_what_peers_add_to_one_profile_is_all_there(site: RegistrySite) -> None:
    site.registry.registerGatewayResourceProfile(GatewayResourceProfile(gatewayID=GATEWAY))

    def add(peer: Any, name: str) -> None:
        machine = peer.registerComputeResource(ComputeResourceDescription(hostName=f"m{name}.example.org"))
        peer.addGatewayComputeResourcePreference(
            GATEWAY, machine, ComputeResourcePreference(computeResourceId=machine, loginUserName=f"u{name}")
        )

    names = at_once(site, add)
    kept = site.registry.getAllGatewayComputeResourcePreferences(GATEWAY)
    assert {each.loginUserName for each in kept} == {f"u{name}" for name in names}
