"""Peers of three generations and the dialect codec understand one another, struct by struct."""

from __future__ import annotations

import importlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DataObject
from thrift_peers import GENERATIONS, comes_back, peer

from airavata_adapters.thrift_api.dialect_layouts import CLASHES
from airavata_adapters.thrift_api.dialects import EVERY, Generation, Span
from airavata_adapters.thrift_api.wire import read_struct, write_struct

SPANS = {
    "2017-04": Span(newest=Generation.AIRAVATA_2017_04),
    "0.17": Span(Generation.AIRAVATA_0_17, Generation.AIRAVATA_0_17),
    "2026-03": Span(oldest=Generation.AIRAVATA_2025_11),
}
CLASHING = sorted(
    f"{struct.__module__.split('.')[1]}.{struct.__name__}"
    for struct in CLASHES
    if not struct.__name__.endswith("_args")
)
RENAMED = {
    ("experiments.UserConfigurationDataModel", "inputStorageResourceId"): "storageId",
    ("processes.ProcessModel", "inputStorageResourceId"): "storageResourceId",
}
CONVERTED = {
    ("2017-04", "user_profiles.UserProfile", name)
    for name in ("userName", "creationTime", "lastAccessTime", "validUntil")
}


def ours(name: str) -> Any:
    module, _, struct = name.partition(".")
    return getattr(importlib.import_module(f"airavata_thrift.{module}.ttypes"), struct)


def returned(generation: str, name: str, sent: Any, span: Span | None = None) -> Any:
    """What the peer reads after we read what it sent and wrote it back."""
    client = peer(generation)
    thing = read_struct(client.write(sent), ours(name), span or SPANS[generation])
    return client.read(name, write_struct(thing, span or SPANS[generation]))


@pytest.mark.parametrize("generation", GENERATIONS)
def test_every_struct_of_a_generation_comes_back_whole(generation: str) -> None:
    client = peer(generation)
    for name in client.structs:
        sent = client.filled(name)
        assert comes_back(sent, returned(generation, name, sent)), name


@pytest.mark.parametrize("generation", GENERATIONS)
def test_every_value_is_read_into_the_attribute_of_its_name(generation: str) -> None:
    client = peer(generation)
    for name, fields in client.structs.items():
        sent = client.filled(name)
        thing = read_struct(client.write(sent), ours(name), SPANS[generation])
        for _, attribute, text, _ in fields:
            if "struct" not in text and (generation, name, attribute) not in CONVERTED:
                theirs = getattr(sent, attribute)
                assert getattr(thing, RENAMED.get((name, attribute), attribute)) == theirs, (name, attribute)


@pytest.mark.parametrize("generation", GENERATIONS)
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_whatever_a_peer_sets_comes_back(generation: str, data: DataObject) -> None:
    structs = [name for name in CLASHING if name in peer(generation).structs] + ["experiments.ExperimentModel"]
    name = data.draw(st.sampled_from(structs))
    sent = data.draw(peer(generation).objects(name))
    assert comes_back(sent, returned(generation, name, sent))


@pytest.mark.parametrize("generation", GENERATIONS)
def test_what_the_newest_peer_sent_an_older_one_can_read(generation: str) -> None:
    """Strictly: nothing required is missing, no number is unknown, whatever of it the older one has no place for."""
    newest = peer("2026-03")
    # A broker's message: its type says what is in it, so one of a newer type has no stand-in.
    for name in newest.structs.keys() & peer(generation).structs.keys() - {"messages.Message"}:
        thing = read_struct(newest.write(newest.filled(name)), ours(name), SPANS["2026-03"])
        peer(generation).read(name, write_struct(thing, SPANS[generation]))


@pytest.mark.parametrize("generation", GENERATIONS)
def test_an_empty_object_is_filled_for_the_strictest_reader(generation: str) -> None:
    for name in peer(generation).structs:
        peer(generation).read(name, write_struct(ours(name)(), SPANS[generation]))


@pytest.mark.parametrize("name", ["experiments.UserConfigurationDataModel", "processes.ProcessModel"])
def test_while_nothing_is_known_both_readers_find_what_differs_by_type(name: str) -> None:
    set_by_us = {
        "useUserCRPref": True,
        "groupResourceProfileId": "grp",
        "generateCert": True,
    }
    content = write_struct(ours(name)(**set_by_us), EVERY)
    for generation in ("0.17", "2026-03"):
        read = peer(generation).read(name, content)
        present = {each: getattr(read, each) for each in set_by_us if hasattr(read, each)}
        assert present == {each: value for each, value in set_by_us.items() if each in present}
        assert "generateCert" in present


def test_while_nothing_is_known_a_batch_queue_is_right_for_everybody() -> None:
    name = "compute_resources.BatchQueue"
    content = write_struct(ours(name)(queueName="q", isDefaultQueue=True, defaultWalltime=30), EVERY)
    for generation in GENERATIONS:
        read = peer(generation).read(name, content)
        assert (read.queueName, read.isDefaultQueue) == ("q", True)


def test_a_gateway_is_usable_for_a_peer_of_2017_before_it_is_known() -> None:
    content = write_struct(ours("workspaces.Gateway")(gatewayId="seagrid", gatewayApprovalStatus=2), EVERY)
    read = peer("2017-04").read("workspaces.Gateway", content)
    assert (read.gatewayId, read.gatewayApprovalStatus) == ("seagrid", 2)
    assert peer("0.17").read("workspaces.Gateway", content).gatewayId == "seagrid"


def test_what_slurm_needs_moves_between_the_preference_and_its_own_struct() -> None:
    name = "group_resource_profiles.GroupComputeResourcePreference"
    thing = ours(name)(computeResourceId="expanse", allocationProjectNumber="abc123", scratchLocation="/scratch")
    read = peer("2026-03").read(name, write_struct(thing, SPANS["2026-03"]))
    assert read.specificPreferences.slurm.allocationProjectNumber == "abc123"
    assert (read.resourceType, read.scratchLocation) == (0, "/scratch")
    back = read_struct(peer("2026-03").write(read), ours(name), SPANS["2026-03"])
    assert (back.allocationProjectNumber, back.scratchLocation) == ("abc123", "/scratch")


def test_a_name_of_2017_is_parted_and_joined() -> None:
    client = peer("2017-04")
    sent = client.filled("user_profiles.UserProfile")
    sent.creationTime, sent.lastAccessTime, sent.validUntil = "1493424000000", "2017-04-30T00:00:00Z", "next spring"
    thing = read_struct(client.write(sent), ours("user_profiles.UserProfile"), SPANS["2017-04"])
    assert (thing.firstName, thing.lastName) == ("Ada", "Lovelace")
    assert (thing.creationTime, thing.lastAccessTime, thing.validUntil) == (1493424000000, 1493510400000, 0)


@pytest.mark.parametrize(
    ("name", "field", "newest", "oldest"),
    [
        ("statuses.JobStatus", "jobState", 8, 5),
        ("statuses.ProcessStatus", "state", 14, 1),
        ("statuses.ProcessStatus", "state", 15, 2),
        ("statuses.ProcessStatus", "state", 16, 1),
        ("compute_resources.ResourceJobManager", "resourceJobManagerType", 7, 6),
        ("workspaces.Gateway", "gatewayApprovalStatus", 7, 2),
    ],
)
def test_a_number_that_the_peer_has_not_becomes_the_nearest(name: str, field: str, newest: int, oldest: int) -> None:
    for span, expected in ((EVERY, oldest), (SPANS["2017-04"], oldest), (SPANS["2026-03"], newest)):
        content = write_struct(ours(name)(**{field: newest}), span)
        assert getattr(read_struct(content, ours(name), span), field) == expected
