"""Thrift structs as records and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import pytest
from thrift.Thrift import TType

from airavata_adapters.thrift_api.conversion import ConversionError, WireType, conversion, plan
from airavata_adapters.thrift_api.enumerations import EnumerationError, numbers
from airavata_adapters.thrift_api.naming import record_field, snake_case
from airavata_thrift.application_io.ttypes import InputDataObjectType
from airavata_thrift.experiments.ttypes import ExperimentModel, UserConfigurationDataModel
from airavata_thrift.group_resource_profiles.ttypes import (
    AwsComputeResourcePreference,
    EnvironmentSpecificPreferences,
)
from airavata_thrift.group_resource_profiles.ttypes import GroupComputeResourcePreference as Preference
from airavata_thrift.scheduling.ttypes import ComputationalResourceSchedulingModel
from airavata_thrift.statuses.ttypes import ExperimentStatus
from airavata_thrift.workspaces.ttypes import Project
from airavata_workload.domain.errors import InputError
from airavata_workload.domain.states import ExperimentState
from airavata_workload.records import projects
from airavata_workload.records.experiments import ExperimentType, GatewayExperiment
from airavata_workload.records.group_profiles import GroupComputeResourcePreference


@pytest.mark.parametrize(
    ("thrift", "record"),
    [
        ("experimentName", "experiment_name"),
        ("totalCPUCount", "total_cpu_count"),
        ("sshPort", "ssh_port"),
        ("gatewayURL", "gateway_url"),
        ("useUserCRPref", "use_user_cr_pref"),
        ("isPublic", "is_public"),
        ("projectID", "project_id"),
        ("creationTime", "created_at_ms"),
        ("wallTimeLimit", "wall_time_limit_min"),
    ],
)
def test_names_follow_the_rule_or_the_table(thrift: str, record: str) -> None:
    assert record_field("Anything", thrift) == record


def test_the_rule_is_snake_case() -> None:
    assert snake_case("gatewayPublicAbstract") == "gateway_public_abstract"


def whole_experiment() -> ExperimentModel:
    return ExperimentModel(
        experimentId="e_1",
        projectId="p",
        gatewayId="portal",
        experimentType=1,
        userName="ada",
        experimentName="e",
        creationTime=17,
        userConfigurationData=UserConfigurationDataModel(
            airavataAutoSchedule=False,
            overrideManualScheduledParams=True,
            computationalResourceScheduling=ComputationalResourceSchedulingModel(
                resourceHostId="host_1", totalCPUCount=4, wallTimeLimit=30
            ),
        ),
        experimentInputs=[InputDataObjectType(name="a", type=3), InputDataObjectType(name="b", type=0)],
        experimentStatus=[ExperimentStatus(state=7, timeOfStateChange=99)],
        emailAddresses=["a@example.org"],
    )


def test_a_round_trip_keeps_everything_also_what_is_not_set() -> None:
    struct = whole_experiment()
    record = plan(ExperimentModel, GatewayExperiment).read(struct)
    assert record.experiment_type is ExperimentType.WORKFLOW
    assert record.created_at_ms == 17
    assert record.experiment_status[0].state is ExperimentState.COMPLETED
    assert record.user_configuration_data.computational_resource_scheduling.wall_time_limit_min == 30
    assert record.email_addresses == ("a@example.org",)
    assert record.description is None
    written = plan(ExperimentModel, GatewayExperiment).write(record)
    assert written.description is None
    assert written.experimentStatus == struct.experimentStatus
    assert written.userConfigurationData.computationalResourceScheduling.wallTimeLimit == 30
    assert plan(ExperimentModel, GatewayExperiment).read(written) == record


def test_the_place_of_what_is_wrong_is_named_from_the_outside_in() -> None:
    struct = whole_experiment()
    struct.experimentStatus[0].state = 4711
    with pytest.raises(InputError, match=r"^experimentStatus\.state: 4711 is no ExperimentState\. There are CREATED 0"):
        plan(ExperimentModel, GatewayExperiment).read(struct)
    with pytest.raises(InputError, match=r"^name: it is missing"):
        plan(Project, projects.Project).read(Project(owner="ada", gatewayId="g"))


def test_a_wrapped_struct_is_its_one_member() -> None:
    both = plan(Preference, GroupComputeResourcePreference)
    aws = AwsComputeResourcePreference(region="eu")
    specific = EnvironmentSpecificPreferences(aws=aws)
    record = both.read(Preference(computeResourceId="c", groupResourceProfileId="g", specificPreferences=specific))
    assert record.aws is not None
    assert record.aws.region == "eu"
    assert both.write(record).specificPreferences.aws.region == "eu"
    without = both.read(Preference(computeResourceId="c", groupResourceProfileId="g"))
    assert both.write(without).specificPreferences is None


STRING: Any = ("UTF8",)


@pytest.mark.parametrize(
    ("wire", "hint", "value", "converted"),
    [
        (WireType(TType.LIST, (TType.STRING, "UTF8", False)), tuple[str, ...], ["a"], ("a",)),
        (WireType(TType.SET, (TType.I32, None, False)), frozenset[int], {1}, frozenset({1})),
        (
            WireType(TType.MAP, (TType.STRING, "UTF8", TType.I32, None, False)),
            Mapping[str, ExperimentState] | None,
            {"a": 7},
            {"a": ExperimentState.COMPLETED},
        ),
        (
            WireType(TType.LIST, (TType.I32, None, False)),
            tuple[ExperimentState, ...],
            [0, 8],
            (ExperimentState.CREATED, ExperimentState.FAILED),
        ),
    ],
)
def test_containers_are_converted_in_both_directions(wire: WireType, hint: Any, value: Any, converted: Any) -> None:
    both = conversion(wire, hint, "x")
    assert both.read is not None
    assert both.write is not None
    assert both.read(value) == converted
    assert both.write(converted) == value
    assert type(both.write(converted)) is type(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class TooSmall:
    """A record that lacks fields of the project."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TooBig(projects.Project):
    """A record with a field that nobody sends."""

    secret: str


@pytest.mark.parametrize(
    ("record", "words"), [(TooSmall, "Project.projectID: TooSmall has no field"), (TooBig, "'secret'")]
)
def test_a_record_that_does_not_fit_is_a_fault_that_names_the_field(record: type[Any], words: str) -> None:
    with pytest.raises(ConversionError, match=words):
        plan(Project, record)
    with pytest.raises(ConversionError, match=words):
        plan(Project, record)


@pytest.mark.parametrize(
    ("wire", "hint"),
    [
        (WireType(TType.I32, None), str),
        (WireType(TType.STRING, "UTF8"), bytes),
        (WireType(TType.STRING, "UTF8"), ExperimentState),
        (WireType(TType.LIST, (TType.STRING, "UTF8", False)), str),
        (WireType(TType.STRUCT, [Project, None]), str),
        (WireType(TType.BOOL, None), int | str),
    ],
)
def test_types_that_do_not_fit_are_a_fault(wire: WireType, hint: Any) -> None:
    with pytest.raises(ConversionError, match=r"x: .* does not become"):
        conversion(wire, hint, "x")


class Unheard(StrEnum):
    """An enumeration that Thrift has not."""

    ONE = "ONE"


class DataType(StrEnum):
    """One that it has, without this member."""

    STRING = "STRING"
    NOVEL = "NOVEL"


@pytest.mark.parametrize("enumeration", [Unheard, DataType])
def test_an_enumeration_that_thrift_has_not_is_a_fault(enumeration: type[StrEnum]) -> None:
    with pytest.raises(EnumerationError, match=enumeration.__name__):
        numbers(enumeration)
