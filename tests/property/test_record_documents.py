"""Every kind of record comes back from its JSON form as it was."""

from __future__ import annotations

import dataclasses
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DataObject

from airavata_workload.domain.states import ExperimentState
from airavata_workload.records.application_io import InputDataObject
from airavata_workload.records.compute_resources import ComputeResource, FileSystems
from airavata_workload.records.document import from_document, to_document
from airavata_workload.records.experiments import GatewayExperiment
from airavata_workload.records.job_submission import SSHJobSubmission
from airavata_workload.records.kinds import KINDS
from airavata_workload.records.record import Record, composed_key, latest
from airavata_workload.records.statuses import ExperimentStatus
from airavata_workload.testing.record_samples import records


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@given(data=st.data())
@settings(max_examples=15, deadline=None)
def test_a_record_comes_back_as_it_was(kind: type[Record], data: DataObject) -> None:
    record = data.draw(records(kind))
    assert from_document(kind, json.loads(json.dumps(to_document(record)))) == record


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_an_empty_document_is_read(kind: type[Record]) -> None:
    empty = from_document(kind, {})
    assert to_document(from_document(kind, to_document(empty))) == to_document(empty)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_the_columns_of_a_kind_exist(kind: type[Record]) -> None:
    empty = from_document(kind, {})
    for column in kind.columns():
        assert getattr(empty, column) is None or isinstance(getattr(empty, column), str | int)
    assert empty.identity == (getattr(empty, kind.IDENTITY) or "")


def test_what_is_not_set_is_not_written() -> None:
    assert to_document(InputDataObject(name="size")) == {"name": "size"}


def test_fields_of_a_newer_version_are_left_out() -> None:
    assert from_document(InputDataObject, {"name": "size", "colour": "red"}) == InputDataObject(name="size")  # type: ignore[type-var]


def test_members_of_a_newer_version_count_as_not_set() -> None:
    status = {"state": "TELEPORTED", "reason": "why"}
    read = from_document(GatewayExperiment, {"experiment_id": "e", "experiment_status": [status]})
    assert read.experiment_status == (ExperimentStatus(state=ExperimentState.CREATED, reason="why"),)


def test_a_key_of_a_newer_version_leaves_the_mapping_unset() -> None:
    document = {"host_name": "h", "file_systems": {"HOME": "/home", "MARS": "/mars"}}
    assert from_document(ComputeResource, document).file_systems is None
    document["file_systems"] = {"HOME": "/home"}
    assert from_document(ComputeResource, document).file_systems == {FileSystems.HOME: "/home"}


def test_a_default_that_is_not_stored_is_the_fields_own() -> None:
    assert from_document(SSHJobSubmission, {}).ssh_port == 22


@given(st.lists(st.text(alphabet="a|~"), max_size=4), st.lists(st.text(alphabet="a|~"), max_size=4))
def test_different_parts_give_different_keys(one: list[str], other: list[str]) -> None:
    if len(one) == len(other):
        assert (composed_key(*one) == composed_key(*other)) == (one == other)


def test_the_latest_status_is_the_last_of_its_instant() -> None:
    early = ExperimentStatus(state=ExperimentState.LAUNCHED, changed_at_ms=5)
    late = ExperimentStatus(state=ExperimentState.EXECUTING, changed_at_ms=7)
    again = dataclasses.replace(late, state=ExperimentState.COMPLETED)
    assert latest((late, again, early)) is again
    assert latest(()) is None
    assert latest(None) is None
