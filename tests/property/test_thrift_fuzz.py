"""Bytes of any kind become arguments or the one error, and never more memory than they are worth."""

from __future__ import annotations

import tracemalloc
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airavata_adapters.thrift_api.codec import UndecodableError
from airavata_adapters.thrift_api.dialects import Dialect
from airavata_adapters.thrift_api.wire import DialectCodec, write_struct
from airavata_thrift.airavata_api import Airavata
from airavata_thrift.application_io.ttypes import InputDataObjectType
from airavata_thrift.authorization.ttypes import AuthzToken
from airavata_thrift.experiments.ttypes import ExperimentModel, UserConfigurationDataModel
from airavata_thrift.processes.ttypes import ProcessModel
from airavata_thrift.tasks.ttypes import TaskModel
from airavata_thrift.user_profile import UserProfileService

ARGUMENTS = [
    Airavata.createExperiment_args,
    Airavata.getAPIVersion_args,
    Airavata.searchExperiments_args,
    Airavata.shareResourceWithUsers_args,
    Airavata.createGroupResourceProfile_args,
    UserProfileService.addUserProfile_args,
]
WHOLE = write_struct(
    Airavata.createExperiment_args(
        AuthzToken("t", {"userName": "ada"}),
        "g",
        ExperimentModel(
            experimentName="e",
            emailAddresses=["a@b"],
            userConfigurationData=UserConfigurationDataModel(groupResourceProfileId="p"),
            experimentInputs=[InputDataObjectType(name="n", type=0, value="v")],
            processes=[ProcessModel(processId="p", tasks=[TaskModel(taskId="t", subTaskModel=b"\x00")])],
        ),
    ),
    Dialect.CLASSIC.span,
)
LIST_OF = b"\x0f\x00\x63"
FORGED = {
    "string": b"\x0b\x00\x02\x7f\xff\xff\xff",
    "negative string": b"\x0b\x00\x02\xff\xff\xff\xff",
    "list of structs": LIST_OF + b"\x0c\x7f\xff\xff\xff",
    "negative list": LIST_OF + b"\x0c\xff\xff\xff\xff",
    "list of bytes": LIST_OF + b"\x03\x7f\xff\xff\xff",
    "list of nothing": LIST_OF + b"\x00\x7f\xff\xff\xff",
    "set": b"\x0e\x00\x63\x0b\x7f\xff\xff\xff",
    "map": b"\x0d\x00\x63\x0b\x0b\x7f\xff\xff\xff",
    "map in the token": b"\x0c\x00\x01\x0d\x00\x02\x0b\x0b\x7f\xff\xff\xff",
    "inputs": b"\x0c\x00\x03\x0f\x00\x0f\x0c\x7f\xff\xff\xff",
    "unknown type": b"\x10\x00\x01" + bytes(16),
    "deep structs": b"\x0c\x00\x63" * 30_000,
    "deep lists": LIST_OF + b"\x0f\x00\x00\x00\x01" * 30_000,
}


def decoded(struct: Any, content: bytes) -> Any:
    """The arguments, or None for bytes that are refused. Anything else than the one error is a fault."""
    codec = DialectCodec()
    try:
        return codec.decode(struct, content, codec.new_state())
    except UndecodableError:
        return None


@pytest.mark.parametrize("struct", ARGUMENTS, ids=lambda struct: struct.__name__)
@given(content=st.binary(max_size=200))
@settings(max_examples=60, deadline=None)
def test_any_bytes(struct: Any, content: bytes) -> None:
    decoded(struct, content)


@given(data=st.data())
@settings(max_examples=200, deadline=None)
def test_a_damaged_call(data: st.DataObject) -> None:
    position = data.draw(st.integers(0, len(WHOLE) - 1))
    damage = data.draw(st.binary(min_size=1, max_size=4))
    decoded(Airavata.createExperiment_args, WHOLE[:position] + damage + WHOLE[position + len(damage) :])


def test_a_call_that_breaks_off_is_refused_wherever_it_does() -> None:
    assert decoded(Airavata.createExperiment_args, WHOLE) is not None
    assert [end for end in range(len(WHOLE)) if decoded(Airavata.createExperiment_args, WHOLE[:end])] == []


@pytest.mark.parametrize("struct", ARGUMENTS[:2], ids=lambda struct: struct.__name__)
@pytest.mark.parametrize("content", FORGED.values(), ids=FORGED)
def test_a_forged_length_is_refused_and_costs_nothing(struct: Any, content: bytes) -> None:
    decoded(struct, b"\x00")  # what is made once is made
    tracemalloc.start()
    try:
        assert decoded(struct, content) is None
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < len(content) + 100_000


def test_more_values_than_a_call_may_have_are_refused_before_they_are_made() -> None:
    empty = b"\x0c\x00\x03\x0f\x00\x0f\x0c\x00\x03\x0d\x41" + bytes(200_001) + b"\x00\x00"
    tracemalloc.start()
    try:
        assert decoded(Airavata.createExperiment_args, empty) is None
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < len(empty) + 100_000


def test_a_large_call_within_the_limits_is_read() -> None:
    arguments = Airavata.createExperiment_args(
        experiment=ExperimentModel(experimentInputs=[InputDataObjectType(name="n", value="v" * 50)] * 5_000)
    )
    read = decoded(Airavata.createExperiment_args, write_struct(arguments, Dialect.CLASSIC.span))
    assert len(read.experiment.experimentInputs) == 5_000
