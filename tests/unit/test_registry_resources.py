"""Compute and storage resources, and the ways to them, as the registry keeps them for the other servers."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from registry_site import RegistrySite
from whole_structs import BEGIN_MS, UUID, changed, is_now, whole

from airavata_thrift.compute_resources import ttypes as compute
from airavata_thrift.data_movement import ttypes as movement
from airavata_thrift.parallelism.ttypes import ApplicationParallelismType
from airavata_thrift.registry_errors.ttypes import RegistryServiceException
from airavata_thrift.statuses.ttypes import QueueStatusModel
from airavata_thrift.storage_resources.ttypes import StorageResourceDescription

KEYS = movement.SecurityProtocol.SSH_KEYS
SLURM = compute.ResourceJobManagerType.SLURM


@pytest.fixture
def machine(site: RegistrySite) -> str:
    return site.machine("alpha.example.org")


def described() -> compute.ComputeResourceDescription:
    """A compute resource of which everything is said, but for the ways to it."""
    queues = [whole(compute.BatchQueue, queueName=name) for name in ("short", "long")]
    return whole(
        compute.ComputeResourceDescription,
        hostName="whole.example.org",
        batchQueues=queues,
        fileSystems={compute.FileSystems.SCRATCH: "/scratch", compute.FileSystems.HOME: "/home"},
    )


def job_manager(kind: int = SLURM) -> compute.ResourceJobManager:
    return whole(
        compute.ResourceJobManager,
        resourceJobManagerType=kind,
        jobManagerBinPath="/opt/bin",
        jobManagerCommands={compute.JobManagerCommand.SUBMISSION: "sbatch", compute.JobManagerCommand.DELETION: "x"},
        parallelismPrefix={ApplicationParallelismType.MPI: "srun", ApplicationParallelismType.SERIAL: ""},
    )


def submission(kind: int = SLURM) -> compute.SSHJobSubmission:
    return whole(
        compute.SSHJobSubmission,
        securityProtocol=KEYS,
        resourceJobManager=job_manager(kind),
        alternativeSSHHostName="login.example.org",
        sshPort=2022,
        monitorMode=compute.MonitorMode.POLL_JOB_MANAGER,
    )


# -- compute resources -----------------------------------------------------------------------
def test_a_compute_resource_is_kept_whole_until_it_is_deleted(registry: Any) -> None:
    sent = described()
    made = registry.registerComputeResource(sent)
    assert re.fullmatch(f"whole.example.org_{UUID}", made)
    kept = changed(sent, computeResourceId=made)
    read = registry.getComputeResource(made)
    assert read == kept
    assert registry.getAllComputeResourceNames()[made] == "whole.example.org"
    new = compute.ComputeResourceDescription(computeResourceId="x", hostName="other.example.org", enabled=False)
    assert registry.updateComputeResource(made, new)
    assert registry.getComputeResource(made) == changed(new, computeResourceId=made)
    assert registry.getAllComputeResourceNames()[made] == "other.example.org"
    assert "x" not in registry.getAllComputeResourceNames()
    assert registry.deleteComputeResource(made)
    assert made not in registry.getAllComputeResourceNames()
    for call in (
        lambda: registry.getComputeResource(made),
        lambda: registry.updateComputeResource(made, new),
        lambda: registry.deleteComputeResource(made),
        lambda: registry.deleteBatchQueue(made, "short"),
        lambda: registry.addSSHJobSubmissionDetails(made, 0, submission()),
        lambda: registry.addSSHForkJobSubmissionDetails(made, 0, submission()),
    ):
        with pytest.raises(RegistryServiceException, match=made):
            call()


def test_a_queue_is_deleted_by_its_name(registry: Any) -> None:
    made = registry.registerComputeResource(described())
    before = registry.getComputeResource(made)
    assert registry.deleteBatchQueue(made, "short")
    assert registry.getComputeResource(made) == changed(before, batchQueues=before.batchQueues[1:])
    with pytest.raises(RegistryServiceException, match="'short'"):
        registry.deleteBatchQueue(made, "short")


def test_a_description_that_names_no_ways_leaves_them_as_they_are(registry: Any, machine: str) -> None:
    way = registry.addSSHJobSubmissionDetails(machine, 3, submission())
    moving = registry.addSCPDataMovementDetails(machine, 0, 4, movement.SCPDataMovement(securityProtocol=KEYS))
    assert registry.updateComputeResource(machine, described())
    read = registry.getComputeResource(machine)
    (interface,) = read.jobSubmissionInterfaces
    assert (interface.jobSubmissionInterfaceId, interface.priorityOrder) == (way, 3)
    assert [each.dataMovementInterfaceId for each in read.dataMovementInterfaces] == [moving]
    assert registry.updateComputeResource(machine, read)
    assert registry.getComputeResource(machine) == read
    assert registry.deleteComputeResource(machine)
    for call in (lambda: registry.getSSHJobSubmission(way), lambda: registry.getSCPDataMovement(moving)):
        with pytest.raises(RegistryServiceException, match="There is no"):
            call()


def test_a_description_changes_the_order_of_its_own_ways_and_forgets_what_it_leaves_out(
    registry: Any, machine: str
) -> None:
    first, second = (registry.addSSHJobSubmissionDetails(machine, order, submission()) for order in (1, 2))
    moving = registry.addSCPDataMovementDetails(machine, 0, 4, movement.SCPDataMovement(securityProtocol=KEYS))
    read = registry.getComputeResource(machine)
    kept = read.jobSubmissionInterfaces[1]
    local = compute.JobSubmissionProtocol.LOCAL
    new = [changed(kept, priorityOrder=9, jobSubmissionProtocol=local)]
    assert registry.updateComputeResource(
        machine, changed(read, jobSubmissionInterfaces=new, dataMovementInterfaces=[])
    )
    after = registry.getComputeResource(machine)
    assert after.jobSubmissionInterfaces == [changed(kept, priorityOrder=9)]
    assert after.dataMovementInterfaces == []
    assert registry.getSSHJobSubmission(second).jobSubmissionInterfaceId == second
    for call in (lambda: registry.getSSHJobSubmission(first), lambda: registry.getSCPDataMovement(moving)):
        with pytest.raises(RegistryServiceException, match="There is no"):
            call()


def test_a_description_names_no_way_to_another_resource(site: RegistrySite, registry: Any, machine: str) -> None:
    theirs = site.machine("theirs.example.org")
    way = registry.addSSHJobSubmissionDetails(theirs, 1, submission())
    moving = registry.addSCPDataMovementDetails(theirs, 0, 1, movement.SCPDataMovement(securityProtocol=KEYS))
    before = registry.getComputeResource(theirs)
    stolen = {
        "jobSubmissionInterfaces": before.jobSubmissionInterfaces,
        "dataMovementInterfaces": before.dataMovementInterfaces,
    }
    storage = site.storage("disk.example.org")
    for field, what in (("jobSubmissionInterfaces", way), ("dataMovementInterfaces", moving)):
        named = {field: stolen[field]}
        for call in (
            lambda named=named: registry.registerComputeResource(changed(described(), **named)),
            lambda named=named: registry.updateComputeResource(machine, changed(described(), **named)),
        ):
            with pytest.raises(RegistryServiceException, match=what):
                call()
    disk = StorageResourceDescription(
        hostName="disk.example.org", dataMovementInterfaces=stolen["dataMovementInterfaces"]
    )
    for call in (
        lambda: registry.registerStorageResource(disk),
        lambda: registry.updateStorageResource(storage, disk),
    ):
        with pytest.raises(RegistryServiceException, match=moving):
            call()
    assert registry.getComputeResource(theirs) == before
    assert not registry.getComputeResource(machine).jobSubmissionInterfaces


# -- job submission ----------------------------------------------------------------------------
@pytest.mark.parametrize("fork", [False, True], ids=["batch", "fork"])
def test_a_way_over_ssh_is_kept_whole(registry: Any, machine: str, fork: bool) -> None:
    kind = compute.ResourceJobManagerType.FORK if fork else SLURM
    protocol = compute.JobSubmissionProtocol.SSH_FORK if fork else compute.JobSubmissionProtocol.SSH
    sent = submission(kind)
    if fork:
        made = registry.addSSHForkJobSubmissionDetails(machine, 7, sent)
    else:
        made = registry.addSSHJobSubmissionDetails(machine, 7, sent)
    read = registry.getSSHJobSubmission(made)
    manager = read.resourceJobManager
    kept = changed(sent.resourceJobManager, resourceJobManagerId=manager.resourceJobManagerId)
    assert read == changed(sent, jobSubmissionInterfaceId=made, resourceJobManager=kept)
    assert registry.getResourceJobManager(manager.resourceJobManagerId) == manager
    (interface,) = registry.getComputeResource(machine).jobSubmissionInterfaces
    assert interface == compute.JobSubmissionInterface(made, protocol, 7)
    new = changed(
        read, sshPort=22, alternativeSSHHostName=None, resourceJobManager=changed(manager, jobManagerBinPath="/")
    )
    assert registry.updateSSHJobSubmissionDetails(made, new)
    assert registry.getSSHJobSubmission(made) == new
    assert registry.getResourceJobManager(manager.resourceJobManagerId).jobManagerBinPath == "/"
    assert registry.getComputeResource(machine).jobSubmissionInterfaces == [interface]


def test_the_order_in_which_ways_are_tried_changes_one_by_one(registry: Any, machine: str) -> None:
    first, second = (registry.addSSHJobSubmissionDetails(machine, order, submission()) for order in (1, 2))
    assert registry.changeJobSubmissionPriority(second, 0)
    told = registry.getComputeResource(machine).jobSubmissionInterfaces
    assert {each.jobSubmissionInterfaceId: each.priorityOrder for each in told} == {first: 1, second: 0}
    with pytest.raises(RegistryServiceException, match="'nothing'"):
        registry.changeJobSubmissionPriority("nothing", 1)
    for call in (
        lambda: registry.getSSHJobSubmission("nothing"),
        lambda: registry.getLocalJobSubmission(first),
        lambda: registry.updateSSHJobSubmissionDetails("nothing", submission()),
    ):
        with pytest.raises(RegistryServiceException, match="no job submission interface"):
            call()


def test_a_batch_system_is_kept_whole_until_it_is_deleted(registry: Any) -> None:
    sent = job_manager()
    made = registry.registerResourceJobManager(sent)
    assert re.fullmatch(f"RJM_{UUID}", made)
    assert registry.getResourceJobManager(made) == changed(sent, resourceJobManagerId=made)
    new = compute.ResourceJobManager(resourceJobManagerType=compute.ResourceJobManagerType.UGE)
    assert registry.updateResourceJobManager(made, new)
    assert registry.getResourceJobManager(made) == changed(new, resourceJobManagerId=made)
    assert registry.deleteResourceJobManager(made)
    for call in (
        lambda: registry.getResourceJobManager(made),
        lambda: registry.updateResourceJobManager(made, sent),
        lambda: registry.deleteResourceJobManager(made),
    ):
        with pytest.raises(RegistryServiceException, match=made):
            call()


def test_a_batch_system_that_a_peer_of_today_knows_is_told_as_it_is(registry: Any) -> None:
    newer = compute.JobManagerCommand.SHOW_CLUSTER_INFO
    sent = changed(job_manager(compute.ResourceJobManagerType.HTCONDOR), jobManagerCommands={newer: "condor_status"})
    made = registry.registerResourceJobManager(sent)
    assert registry.getResourceJobManager(made) == changed(sent, resourceJobManagerId=made)


# -- data movement ---------------------------------------------------------------------------------
def test_the_order_in_which_files_are_moved_changes_one_by_one(site: RegistrySite, registry: Any, machine: str) -> None:
    storage = site.storage("disk.example.org")
    for owner, kind, read in (
        (machine, movement.DMType.COMPUTE_RESOURCE, lambda: registry.getComputeResource(machine)),
        (storage, movement.DMType.STORAGE_RESOURCE, lambda: registry.getStorageResource(storage)),
    ):
        scp = movement.SCPDataMovement(securityProtocol=KEYS, sshPort=2022, alternativeSCPHostName="dtn.example.org")
        made = registry.addSCPDataMovementDetails(owner, kind, 5, scp)
        assert registry.getSCPDataMovement(made) == changed(scp, dataMovementInterfaceId=made)
        local = registry.addLocalDataMovementDetails(owner, kind, 6, movement.LOCALDataMovement())
        assert registry.changeDataMovementPriority(made, 9)
        told = {each.dataMovementInterfaceId: each for each in read().dataMovementInterfaces}
        assert {name: each.priorityOrder for name, each in told.items()} == {made: 9, local: 6}
        assert told[made].dataMovementProtocol == movement.DataMovementProtocol.SCP
        assert told[made].storageResourceId == (storage if owner == storage else None)
        assert is_now(told[made].creationTime)
        assert told[made].updateTime >= told[made].creationTime
    with pytest.raises(RegistryServiceException, match="'nothing'"):
        registry.changeDataMovementPriority("nothing", 1)


# -- storage resources --------------------------------------------------------------------------------
def test_a_storage_resource_is_kept_whole_until_it_is_deleted(registry: Any) -> None:
    sent = whole(StorageResourceDescription, hostName="whole-disk.example.org")
    made = registry.registerStorageResource(sent)
    assert re.fullmatch(f"whole-disk.example.org_{UUID}", made)
    read = registry.getStorageResource(made)
    assert is_now(read.creationTime)
    assert read.updateTime == read.creationTime
    kept = changed(sent, storageResourceId=made, creationTime=read.creationTime, updateTime=read.updateTime)
    assert read == kept
    assert registry.getAllStorageResourceNames()[made] == "whole-disk.example.org"
    assert made not in registry.getAllComputeResourceNames()
    way = registry.addSCPDataMovementDetails(made, 1, 0, movement.SCPDataMovement(securityProtocol=KEYS))
    new = StorageResourceDescription(hostName="other-disk.example.org", enabled=False, creationTime=1, updateTime=1)
    assert registry.updateStorageResource(made, new)
    again = registry.getStorageResource(made)
    assert (again.hostName, again.enabled, again.creationTime) == ("other-disk.example.org", False, read.creationTime)
    assert read.updateTime <= again.updateTime < BEGIN_MS * 2
    assert again.storageResourceDescription is None
    assert [each.dataMovementInterfaceId for each in again.dataMovementInterfaces] == [way]
    assert registry.deleteStorageResource(made)
    assert made not in registry.getAllStorageResourceNames()
    for call in (
        lambda: registry.getStorageResource(made),
        lambda: registry.updateStorageResource(made, new),
        lambda: registry.deleteStorageResource(made),
    ):
        with pytest.raises(RegistryServiceException, match=made):
            call()
    with pytest.raises(RegistryServiceException, match=way):
        registry.getSCPDataMovement(way)


# -- queues --------------------------------------------------------------------------------------------
def queue(name: str, at_ms: int, **fields: Any) -> QueueStatusModel:
    plain = {"queueUp": True, "runningJobs": 3, "queuedJobs": 4}
    return QueueStatusModel(hostName="alpha.example.org", queueName=name, time=at_ms, **{**plain, **fields})


def test_of_each_queue_the_newest_status_is_told(registry: Any) -> None:
    assert registry.getLatestQueueStatuses() == []
    registry.registerQueueStatuses([queue("short", 1_000), queue("long", 1_000)])
    newest = queue("short", 2_000, queueUp=False, runningJobs=0, queuedJobs=99)
    registry.registerQueueStatuses([newest, queue("long", 500, queuedJobs=7)])
    assert registry.getQueueStatus("alpha.example.org", "short") == newest
    assert registry.getQueueStatus("alpha.example.org", "long") == queue("long", 1_000)
    told = {each.queueName: each for each in registry.getLatestQueueStatuses()}
    assert told == {"short": newest, "long": queue("long", 1_000)}


def test_a_queue_that_nobody_looked_at_is_down_and_empty(registry: Any) -> None:
    nothing = registry.getQueueStatus("beta.example.org", "short")
    assert (nothing.queueUp, nothing.runningJobs, nothing.queuedJobs, nothing.time) == (False, 0, 0, 0)


@pytest.mark.parametrize(
    ("call", "what"),
    [
        (lambda registry: registry.registerComputeResource(changed(described(), hostName="-oProxy")), "host_name"),
        (lambda registry: registry.registerStorageResource(StorageResourceDescription(hostName="a b")), "host_name"),
        (
            lambda registry: registry.registerResourceJobManager(changed(job_manager(), jobManagerBinPath="bin")),
            "job_manager_bin_path",
        ),
    ],
)
def test_what_cannot_be_is_refused_and_its_field_named(registry: Any, call: Callable[[Any], object], what: str) -> None:
    with pytest.raises(RegistryServiceException, match=what):
        call(registry)
