"""What recovery nodes must do. Subclass it and give the fixture ``open_nodes``."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from airavata_workload.domain.errors import InputError
from airavata_workload.ports.recovery_nodes import RecoveryNode, RecoveryNodes
from airavata_workload.testing.samples import AWKWARD, unique

OpenNodes = Callable[[], RecoveryNodes]


def node_of(nodes: RecoveryNodes, experiment_id: str) -> RecoveryNode | None:
    """The experiment's node."""
    return next((node for node in nodes.nodes() if node.experiment_id == experiment_id), None)


class RecoveryNodesSuite:
    """Needs a fixture ``open_nodes``: each call opens the same storage with a new session; the suite closes it."""

    @pytest.fixture
    def nodes(self, open_nodes: OpenNodes) -> Iterator[RecoveryNodes]:
        """The nodes under test."""
        nodes = open_nodes()
        yield nodes
        nodes.close()

    @pytest.fixture
    def other(self, open_nodes: OpenNodes) -> Iterator[RecoveryNodes]:
        """Another session on the same storage."""
        nodes = open_nodes()
        yield nodes
        nodes.close()

    @pytest.fixture
    def experiment_id(self) -> str:
        """An experiment that no other test uses."""
        return unique("experiment")

    def test_sessions_differ(self, nodes: RecoveryNodes, other: RecoveryNodes) -> None:
        assert nodes.session != other.session

    def test_a_node_names_its_living_owner(
        self, nodes: RecoveryNodes, other: RecoveryNodes, experiment_id: str
    ) -> None:
        nodes.create(experiment_id)
        expected = RecoveryNode(experiment_id=experiment_id, owner=nodes.session, owner_alive=True)
        assert node_of(nodes, experiment_id) == node_of(other, experiment_id) == expected

    def test_an_existing_node_keeps_its_owner(
        self, nodes: RecoveryNodes, other: RecoveryNodes, experiment_id: str
    ) -> None:
        nodes.create(experiment_id)
        other.create(experiment_id)
        found = node_of(other, experiment_id)
        assert found is not None
        assert found.owner == nodes.session

    def test_a_node_of_a_living_owner_is_not_taken(
        self, nodes: RecoveryNodes, other: RecoveryNodes, experiment_id: str
    ) -> None:
        nodes.create(experiment_id)
        assert not other.claim(experiment_id)
        assert nodes.claim(experiment_id)

    def test_a_node_whose_owner_is_gone_is_taken_by_one(
        self, open_nodes: OpenNodes, nodes: RecoveryNodes, other: RecoveryNodes, experiment_id: str
    ) -> None:
        gone = open_nodes()
        gone.create(experiment_id)
        gone.close()
        gone.close()
        left = node_of(nodes, experiment_id)
        assert left is not None
        assert not left.owner_alive
        start = Barrier(2)

        def claim(one: RecoveryNodes) -> bool:
            start.wait(10)
            return one.claim(experiment_id)

        with ThreadPoolExecutor(2) as threads:
            assert sorted(threads.map(claim, (nodes, other))) == [False, True]
        taken = node_of(nodes, experiment_id)
        assert taken is not None
        assert taken.owner in (nodes.session, other.session)
        assert taken.owner_alive

    def test_a_node_that_is_not_there_cannot_be_taken(self, nodes: RecoveryNodes, experiment_id: str) -> None:
        assert not nodes.claim(experiment_id)
        assert node_of(nodes, experiment_id) is None

    def test_a_removed_node_is_gone_and_may_be_removed_again(
        self, nodes: RecoveryNodes, other: RecoveryNodes, experiment_id: str
    ) -> None:
        nodes.create(experiment_id)
        other.remove(experiment_id)
        nodes.remove(experiment_id)
        assert node_of(nodes, experiment_id) is None

    def test_members_are_the_services_whose_session_lives(
        self, open_nodes: OpenNodes, nodes: RecoveryNodes, other: RecoveryNodes
    ) -> None:
        gone = open_nodes()
        gone.join("worker", {})
        gone_session = gone.session
        nodes.join("orchestrator", {"kinds": [AWKWARD]})
        found = {member.session: member for member in other.members()}
        assert gone_session in found
        assert other.session not in found
        member = found[nodes.session]
        assert (member.service, member.pid, member.capabilities) == ("orchestrator", os.getpid(), {"kinds": [AWKWARD]})
        assert member.host
        assert member.started_at_us > 0
        gone.close()
        assert gone_session not in {member.session for member in other.members()}

    def test_a_service_that_joins_again_is_listed_once(self, nodes: RecoveryNodes) -> None:
        nodes.join("worker", {"kinds": ["a"]})
        (first,) = [member for member in nodes.members() if member.session == nodes.session]
        nodes.join("worker", {"kinds": ["a", "b"]})
        (member,) = [member for member in nodes.members() if member.session == nodes.session]
        assert member.capabilities == {"kinds": ["a", "b"]}
        assert member.started_at_us == first.started_at_us

    def test_a_session_may_be_several_services(self, nodes: RecoveryNodes, other: RecoveryNodes) -> None:
        nodes.join("worker", {"slots": 2})
        nodes.join("monitor", {})
        found = {member.service: member for member in other.members() if member.session == nodes.session}
        assert set(found) == {"worker", "monitor"}
        assert found["worker"].capabilities == {"slots": 2}

    @pytest.fixture
    def role(self) -> str:
        """A role that no other test uses."""
        return unique("role")

    def test_one_session_leads_a_role(self, nodes: RecoveryNodes, other: RecoveryNodes, role: str) -> None:
        assert nodes.lead(role)
        assert not other.lead(role)
        assert nodes.lead(role)
        assert other.lead(f"{role}-2")
        assert not nodes.lead(f"{role}-2")

    def test_a_role_may_have_any_name(self, nodes: RecoveryNodes, other: RecoveryNodes, role: str) -> None:
        for name in (f"{role}/../x", f"{role} Grüße 試験", f"{role}%2F", ".", ".."):
            assert nodes.lead(name)
            assert not other.lead(name)
            nodes.resign(name)

    def test_an_empty_role_is_refused(self, nodes: RecoveryNodes) -> None:
        with pytest.raises(InputError, match="cannot name a role"):
            nodes.lead("")

    def test_a_lead_that_is_given_up_is_free(self, nodes: RecoveryNodes, other: RecoveryNodes, role: str) -> None:
        nodes.resign(role)
        assert nodes.lead(role)
        other.resign(role)
        assert not other.lead(role)
        nodes.resign(role)
        assert other.lead(role)
        assert not nodes.lead(role)

    def test_the_lead_of_a_session_that_ends_is_free(
        self, open_nodes: OpenNodes, nodes: RecoveryNodes, role: str
    ) -> None:
        gone = open_nodes()
        assert gone.lead(role)
        assert not nodes.lead(role)
        gone.close()
        assert nodes.lead(role)

    def test_of_many_who_compete_one_leads(self, open_nodes: OpenNodes, role: str) -> None:
        sessions = [open_nodes() for _ in range(4)]
        start = Barrier(len(sessions))

        def compete(one: RecoveryNodes) -> list[bool]:
            start.wait(10)
            return [one.lead(role) for _ in range(5)]

        with ThreadPoolExecutor(len(sessions)) as threads:
            answers = list(threads.map(compete, sessions))
        for one in sessions:
            one.close()
        assert sorted(answers) == [[False] * 5] * 3 + [[True] * 5]
