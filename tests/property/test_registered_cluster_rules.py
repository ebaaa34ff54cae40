"""Names of registered clusters, whose word counts on them, and what queues a profile leaves."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from airavata_plugins.places import Place
from airavata_workload.api.machines.cluster_name import ClusterName
from airavata_workload.api.machines.registered_cluster import Limits, compute_cluster
from airavata_workload.api.profiles.preferences import Preferences
from airavata_workload.domain.job import ResourceRequest
from airavata_workload.records.compute_resources import BatchQueue, ComputeResource
from airavata_workload.records.gateway_profiles import ComputeResourcePreference
from airavata_workload.records.group_profiles import BatchQueueResourcePolicy
from airavata_workload.records.job_submission import (
    JobSubmissionProtocol,
    ResourceJobManager,
    ResourceJobManagerType,
    SSHJobSubmission,
)
from airavata_workload.records.security import SecurityProtocol
from airavata_workload.records.user_profiles import UserComputeResourcePreference

TEXT = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=12)
MAYBE = st.one_of(st.none(), st.just(""), st.sampled_from(["a", "b", "c"]))
RESOURCES = st.from_regex(r"[a-z0-9]([a-z0-9-]|\.[a-z])*_[0-9a-f]{8}", fullmatch=True)
LIMIT = st.one_of(st.none(), st.integers(0, 50))


@st.composite
def names(draw: st.DrawFn) -> ClusterName:
    return ClusterName(
        resource=draw(RESOURCES),
        gateway=draw(TEXT),
        group=draw(st.one_of(st.just(""), TEXT)),
        user=draw(st.one_of(st.just(""), TEXT)),
        login=draw(st.one_of(st.just(""), TEXT)),
        scratch=draw(st.one_of(st.just(""), TEXT)),
    )


@given(names(), names())
def test_a_name_tells_its_parts_and_two_are_never_alike(name: ClusterName, other: ClusterName) -> None:
    assert ClusterName.parse(str(name)) == name
    assert (str(name) == str(other)) == (name == other)


@given(names())
def test_a_name_may_stand_before_a_path(name: ClusterName) -> None:
    assert Place.parse(f"{name}:/data/x") == Place(str(name), "/data/x")


@given(st.one_of(TEXT, st.from_regex(r"[a-z.]+(\.\.(gateway|group|user)-[a-z_0-9]*)*", fullmatch=True)))
def test_any_other_text_is_no_such_name_or_reads_back(text: str) -> None:
    parsed = ClusterName.parse(text)
    assert parsed is None or str(parsed) == text
    assert ClusterName.parse(Path(text).stem) is None or ".." in text


def first(*values: str | None) -> str:
    return next((value for value in values if value), "")


@given(MAYBE, MAYBE, MAYBE, MAYBE, st.booleans(), MAYBE)
def test_the_user_counts_before_the_experiment_before_the_group_and_only_if_they_work_as_themselves(
    users: str | None,
    own: str | None,
    users_token: str | None,
    own_token: str | None,
    as_user: bool,
    override: str | None,
) -> None:
    preferences = Preferences(
        own=ComputeResourcePreference(
            compute_resource_id="r",
            login_user_name=own,
            scratch_location=own,
            preferred_batch_queue=own,
            allocation_project_number=own,
        ),
        own_token=own_token,
        as_user=as_user,
        user=UserComputeResourcePreference(
            compute_resource_id="r",
            login_user_name=users,
            scratch_location=users,
            preferred_batch_queue=users,
            allocation_project_number=users,
        ),
        user_token=users_token,
    )
    said = users if as_user else None
    assert preferences.login(override or "") == preferences.scratch(override or "") == first(said, override, own)
    assert preferences.queue() == preferences.allocation() == first(said, own)
    assert preferences.token() == first(users_token if as_user else own_token), "never somebody else's credential"
    request = ResourceRequest(queue="asked", allocation="asked")
    assert preferences.completed(request, (), 0) == request
    left_open = preferences.completed(ResourceRequest(), (), 0)
    assert (left_open.queue or "", left_open.allocation or "") == (first(said, own), first(said, own))


@given(
    st.dictionaries(st.sampled_from("abc"), st.tuples(LIMIT, LIMIT), max_size=3),
    st.one_of(st.none(), st.lists(st.sampled_from("abcd"), unique=True, min_size=1)),
    st.dictionaries(st.sampled_from("abcd"), st.tuples(LIMIT, LIMIT), max_size=3),
)
def test_a_policy_only_ever_takes_away(
    described: dict[str, tuple[int | None, int | None]],
    allowed: list[str] | None,
    policies: dict[str, tuple[int | None, int | None]],
) -> None:
    queues = tuple(
        BatchQueue(queue_name=name, max_run_time_min=time, max_nodes=nodes) for name, (time, nodes) in described.items()
    )
    limits = Limits(
        queues=allowed,
        policies={
            name: BatchQueueResourcePolicy(
                compute_resource_id="r", queue_name=name, max_allowed_wall_time_min=time, max_allowed_nodes=nodes
            )
            for name, (time, nodes) in policies.items()
        },
    )
    slurm = ResourceJobManager(resource_job_manager_type=ResourceJobManagerType.SLURM)
    cluster = compute_cluster(
        "name",
        ComputeResource(host_name="r", batch_queues=queues),
        JobSubmissionProtocol.SSH,
        SSHJobSubmission(security_protocol=SecurityProtocol.SSH_KEYS, resource_job_manager=slurm),
        Preferences(
            own=ComputeResourcePreference(compute_resource_id="r", login_user_name="u", scratch_location="/s"),
            own_token="t",
        ),
        limits=limits,
    )
    assert {queue.name for queue in cluster.queues} == (set(described) if allowed is None else set(allowed))
    for queue in cluster.queues:
        times = [described.get(queue.name, (None, None))[0], policies.get(queue.name, (None, None))[0]]
        nodes = [described.get(queue.name, (None, None))[1], policies.get(queue.name, (None, None))[1]]
        shortest = min((each for each in times if each), default=None)
        assert queue.max_wall_time_s == (shortest * 60 if shortest else None)
        assert queue.max_node_count == min((each for each in nodes if each), default=None)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xyz")), max_size=4), st.sampled_from("abcd"))
def test_quality_of_service_goes_by_queue(pairs: list[tuple[str, str]], queue: str) -> None:
    text = ", ".join(f"{name}={value}" for name, value in pairs)
    own = ComputeResourcePreference(compute_resource_id="r", quality_of_service=text)
    expected = next((value for name, value in pairs if name == queue), "")
    assert Preferences(own=own).quality_of_service(queue) == expected
