"""What a connection finds out about its peer, call by call."""

from __future__ import annotations

from typing import Any

import pytest

from airavata_adapters.thrift_api.dialects import (
    ARGUMENT_SPANS,
    EVERY,
    METHOD_SPANS,
    SERVICE_SPANS,
    ConnectionDialect,
    Dialect,
    Generation,
    Span,
    since,
    until,
)
from airavata_adapters.thrift_api.wire import DialectCodec, write_struct
from airavata_thrift.airavata_api import Airavata
from airavata_thrift.authorization.ttypes import AuthzToken
from airavata_thrift.compute_resources.ttypes import JobManagerCommand, ResourceJobManager
from airavata_thrift.credential_store import CredentialStoreService
from airavata_thrift.experiments.ttypes import ExperimentModel, UserConfigurationDataModel
from airavata_thrift.group_manager import GroupManagerService
from airavata_thrift.groups.ttypes import ResourceType
from airavata_thrift.registry import RegistryService
from airavata_thrift.statuses.ttypes import JobState, JobStatus, ProcessState, ProcessStatus
from airavata_thrift.workspaces.ttypes import Gateway

TOKEN = AuthzToken("secret", {"userName": "ada", "gatewayID": "seagrid"})


def experiment() -> Any:
    configuration = UserConfigurationDataModel(
        groupResourceProfileId="profile", experimentDataDir="/data", useUserCRPref=True, outputStorageResourceId="out"
    )
    model = ExperimentModel(projectId="p", experimentName="e", userConfigurationData=configuration)
    return Airavata.createExperiment_args(TOKEN, "seagrid", model)


def job_manager(command: int) -> ResourceJobManager:
    return ResourceJobManager(resourceJobManagerType=2, jobManagerCommands={command: "show"})


def call(codec: DialectCodec, state: ConnectionDialect, arguments: Any, span: Span) -> Any:
    """The arguments after a client of that span sent them."""
    return codec.decode(type(arguments), write_struct(arguments, span), state)


@pytest.mark.parametrize(
    ("arguments", "dialect", "seen"),
    [
        (Airavata.getAPIVersion_args(), Dialect.CLASSIC, since(Generation.AIRAVATA_0_19)),
        (Airavata.getAPIVersion_args(TOKEN), Dialect.CLASSIC, until(Generation.AIRAVATA_0_17)),
        (Airavata.getExperiment_args(TOKEN, "e"), Dialect.CLASSIC, EVERY),
        (Airavata.getGroupResourceList_args(TOKEN, "g"), Dialect.CLASSIC, since(Generation.AIRAVATA_0_19)),
        (Airavata.getAllWorkflows_args(TOKEN, "g"), Dialect.CLASSIC, until(Generation.AIRAVATA_0_17)),
        (RegistryService.getWorkflow_args("w"), Dialect.CLASSIC, until(Generation.AIRAVATA_0_17)),
        (RegistryService.getProcess_args("p"), Dialect.CLASSIC, since(Generation.AIRAVATA_0_19)),
        (RegistryService.getProcessListInState_args(0), Dialect.CLASSIC, since(Generation.AIRAVATA_0_21)),
        (
            RegistryService.addProcessStatus_args(ProcessStatus(state=ProcessState.QUEUED), "p"),
            Dialect.AIRAVATA_2025_11,
            since(Generation.AIRAVATA_0_21),
        ),
        (
            RegistryService.addJobStatus_args(JobStatus(jobState=JobState.NON_CRITICAL_FAIL), "t", "j"),
            Dialect.CLASSIC,
            since(Generation.AIRAVATA_0_19),
        ),
        (
            Airavata.registerResourceJobManager_args(TOKEN, job_manager(JobManagerCommand.SHOW_CLUSTER_INFO)),
            Dialect.AIRAVATA_2025_07,
            since(Generation.AIRAVATA_0_21),
        ),
        (
            Airavata.registerResourceJobManager_args(TOKEN, job_manager(JobManagerCommand.SUBMISSION)),
            Dialect.CLASSIC,
            EVERY,
        ),
        (GroupManagerService.getGroups_args(TOKEN), Dialect.CLASSIC, since(Generation.AIRAVATA_0_19)),
        (experiment(), Dialect.CLASSIC, until(Generation.AIRAVATA_2025_07)),
        (experiment(), Dialect.AIRAVATA_2025_11, since(Generation.AIRAVATA_2025_11)),
        (
            Airavata.addGateway_args(TOKEN, Gateway(gatewayId="seagrid", gatewayApprovalStatus=2)),
            Dialect.AIRAVATA_2017_04,
            until(Generation.AIRAVATA_2017_04),
        ),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, Dialect) else value.value,
)
def test_a_call_tells_of_its_writer(arguments: Any, dialect: Dialect, seen: Span) -> None:
    codec = DialectCodec()
    state = codec.new_state()
    call(codec, state, arguments, dialect.span)
    assert state.span == seen


@pytest.mark.parametrize("dialect", Dialect)
def test_an_answer_is_in_the_dialect_of_the_question(dialect: Dialect) -> None:
    codec = DialectCodec()
    state = codec.new_state()
    sent = call(codec, state, experiment(), dialect.span).experiment
    assert sent.userConfigurationData.groupResourceProfileId == "profile"
    assert sent.userConfigurationData.experimentDataDir == "/data"
    answer = codec.encode(Airavata.getExperiment_result(success=sent), state)
    client = DialectCodec(pinned=dialect)
    read = client.decode(Airavata.getExperiment_result, answer, client.new_state()).success.userConfigurationData
    assert (read.groupResourceProfileId, read.experimentDataDir, read.useUserCRPref) == ("profile", "/data", True)
    assert read.outputStorageResourceId == ("out" if dialect is Dialect.AIRAVATA_2025_11 else None)


def test_calls_narrow_the_span() -> None:
    state = ConnectionDialect()
    state.observe(since(Generation.AIRAVATA_0_19))
    state.observe(until(Generation.AIRAVATA_2025_07))
    assert state.span == Span(Generation.AIRAVATA_0_19, Generation.AIRAVATA_2025_07)


def test_the_last_word_counts() -> None:
    """Behind one connection of a portal's pool there may be another client tomorrow."""
    state = ConnectionDialect()
    state.observe(until(Generation.AIRAVATA_2017_04))
    state.observe(since(Generation.AIRAVATA_2025_11))
    assert state.span == since(Generation.AIRAVATA_2025_11)


def test_what_is_pinned_stays_until_it_is_released() -> None:
    codec = DialectCodec(pinned=Dialect.AIRAVATA_2017_04)
    state = codec.new_state()
    call(codec, state, Airavata.getAPIVersion_args(), Dialect.AIRAVATA_2017_04.span)
    assert state.span == Dialect.AIRAVATA_2017_04.span
    assert state.pin(Dialect.AIRAVATA_2025_07)
    assert not state.pin(Dialect.AIRAVATA_2025_07)
    assert state.span == Dialect.AIRAVATA_2025_07.span
    assert state.pin(None)
    assert state.span == since(Generation.AIRAVATA_0_19)


def test_a_gateway_may_say_the_generation_of_its_clients_where_the_listener_does_not() -> None:
    gateways = {"seagrid": Dialect.AIRAVATA_2017_04}
    pinned = DialectCodec(Dialect.CLASSIC, gateways)
    assert not pinned.told_gateway("seagrid", pinned.new_state())
    codec = DialectCodec(gateways=gateways)
    state = codec.new_state()
    assert not codec.told_gateway("elsewhere", state)
    assert codec.told_gateway("seagrid", state)
    assert state.span == Dialect.AIRAVATA_2017_04.span
    assert not codec.told_gateway("seagrid", state)
    assert codec.told_gateway("elsewhere", state)
    assert state.span == EVERY


def test_the_representation_tells_what_is_known() -> None:
    assert (
        repr(ConnectionDialect(Dialect.CLASSIC)) == "ConnectionDialect(AIRAVATA_0_17..AIRAVATA_0_21, pinned to classic)"
    )


def test_two_internal_methods_are_read_in_the_order_of_their_time() -> None:
    codec = DialectCodec()
    state = codec.new_state()
    old = b"\x08\x00\x01\x00\x00\x00\x00\x0b\x00\x02\x00\x00\x00\x01t\x0b\x00\x03\x00\x00\x00\x01g\x00"
    read = codec.decode(CredentialStoreService.getCredentialSummary_args, old, state)
    assert (read.tokenId, read.gatewayId) == ("t", "g")
    assert state.span == until(Generation.AIRAVATA_0_17)
    old = b"\x0b\x00\x01\x00\x00\x00\x01p\x08\x00\x02\x00\x00\x00\x05\x08\x00\x03\x00\x00\x00\x07\x00"
    listing = codec.decode(RegistryService.getExperimentsInProject_args, old, state)
    assert (listing.gatewayId, listing.projectId, listing.limit, listing.offset) == (None, "p", 5, 7)


def test_the_kind_of_a_shared_resource_has_the_number_of_its_time() -> None:
    codec = DialectCodec()
    arguments = Airavata.shareResourceWithUsers_args(TOKEN, "r", 3, {"ada": 1})
    read = call(codec, codec.new_state(), arguments, until(Generation.AIRAVATA_0_17))
    assert read.resourceType == ResourceType.OTHER


def test_the_tables_name_what_there_is() -> None:
    modules = {"airavata_api": Airavata, "registry": RegistryService}
    assert METHOD_SPANS.keys() == modules.keys()
    for service, spans in METHOD_SPANS.items():
        assert [method for method in spans if not hasattr(modules[service], f"{method}_args")] == []
    for method, number in ARGUMENT_SPANS:
        spec = getattr(Airavata, f"{method}_args").thrift_spec
        assert spec[number][0] == number, (method, number)
    for service in SERVICE_SPANS:
        assert __import__(f"airavata_thrift.{service}")
