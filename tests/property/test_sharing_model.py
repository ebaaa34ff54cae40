"""Random grants and revokes against a simple model of sets: access is as the model says, cascading included."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import gateway_site
import pytest
from gateway_site import PEER
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from airavata_workload.domain.errors import InputError
from airavata_workload.records.sharing import (
    Domain,
    Entity,
    EntitySearchField,
    EntityType,
    PermissionType,
    SearchCriteria,
    SharingUser,
    UserGroup,
)

USERS = ("u0", "u1", "u2")
OWNERS = ("u0", "u0", "u0", "u1")
GROUPS = ("g0", "g1")
READ = "read"
TREE: dict[str, str | None] = {"e0": None, "e1": "e0", "e2": "e1", "e3": None}
users, owners, groups = st.sampled_from(USERS), st.sampled_from(OWNERS), st.sampled_from(GROUPS)
holders = st.sampled_from(USERS + GROUPS)
entities, cascades = st.sampled_from(sorted(TREE)), st.sampled_from((True, True, False))


@dataclass
class Model:
    """What is so, without any of what follows from it."""

    owner: dict[str, str] = field(default_factory=dict)
    parent: dict[str, str | None] = field(default_factory=dict)
    members: set[tuple[str, str]] = field(default_factory=set)
    granted: dict[tuple[str, str], bool] = field(default_factory=dict)

    def circle(self, user: str) -> set[str]:
        found = {user}
        while more := {group for group, member in self.members if member in found} - found:
            found |= more
        return found

    def line(self, entity: str | None) -> list[str]:
        found = []
        while entity is not None:
            found.append(entity)
            entity = self.parent[entity]
        return found

    def below(self, entity: str) -> set[str]:
        return {each for each in self.parent if entity in self.line(each)}

    def may(self, user: str, entity: str) -> bool:
        circle = self.circle(user)
        return any(
            self.owner[above] == user
            or any(
                cascades or above == entity
                for (on, holder), cascades in self.granted.items()
                if on == above and holder in circle
            )
            for above in self.line(entity)
        )


class SharingMachine(RuleBasedStateMachine):
    domains = 0
    stack: ExitStack
    site: gateway_site.Site

    def __init__(self) -> None:
        super().__init__()
        SharingMachine.domains += 1
        self.domain = f"d{SharingMachine.domains}"
        self.model = Model()

    @initialize()
    def make_domain(self) -> None:
        site = self.site
        site.domains.create_domain(PEER, Domain(domain_id=self.domain))
        site.domains.create_entity_type(PEER, EntityType(domain_id=self.domain, entity_type_id="thing"))
        site.domains.create_permission_type(PEER, PermissionType(domain_id=self.domain, permission_type_id=READ))
        for user in USERS:
            site.people.create_user(PEER, SharingUser(domain_id=self.domain, user_id=user))
        for user, group in zip(USERS, GROUPS, strict=False):
            site.people.create_group(PEER, UserGroup(domain_id=self.domain, group_id=group, name=group, owner_id=user))
            self.model.members.add((group, user))
        for entity, parent in TREE.items():
            self.add(entity, "u0", parent)

    @rule(entity=entities, owner=owners, parent=st.none() | entities)
    def add(self, entity: str, owner: str, parent: str | None) -> None:
        if entity in self.model.owner or (parent is not None and parent not in self.model.owner):
            return
        self.site.entities.create_entity(PEER, self._entity(entity, owner, parent))
        self.model.owner[entity], self.model.parent[entity] = owner, parent

    @rule(entity=entities)
    def remove(self, entity: str) -> None:
        if entity not in self.model.owner:
            return
        self.site.entities.delete_entity(PEER, self.domain, entity)
        del self.model.owner[entity], self.model.parent[entity]
        self.model.parent = {each: None if over == entity else over for each, over in self.model.parent.items()}
        self.model.granted = {key: value for key, value in self.model.granted.items() if key[0] != entity}

    @rule(entity=entities, parent=entities)
    def move(self, entity: str, parent: str) -> None:
        if entity not in self.model.owner or parent not in self.model.owner:
            return
        changed = self._entity(entity, self.model.owner[entity], parent)
        if parent in self.model.below(entity):
            with pytest.raises(InputError):
                self.site.entities.update_entity(PEER, changed)
            return
        self.site.entities.update_entity(PEER, changed)
        self.model.parent[entity] = parent

    @rule(entity=entities, owner=users)
    def hand_over(self, entity: str, owner: str) -> None:
        if entity in self.model.owner:
            self.site.entities.update_entity(PEER, Entity(domain_id=self.domain, entity_id=entity, owner_id=owner))
            self.model.owner[entity] = owner

    @rule(wanted=st.lists(st.tuples(entities, holders, cascades), min_size=1, max_size=4))
    def share(self, wanted: list[tuple[str, str, bool]]) -> None:
        for entity, holder, cascade in wanted:
            if entity in self.model.owner:
                self.site.entities.share_with_users(PEER, self.domain, entity, (holder,), READ, cascade)
                self.model.granted[entity, holder] = cascade

    @rule(entity=entities, holder=holders)
    def revoke(self, entity: str, holder: str) -> None:
        if entity in self.model.owner:
            self.site.entities.revoke_from_groups(PEER, self.domain, entity, (holder,), READ)
            self.model.granted.pop((entity, holder), None)

    @rule(group=groups, user=users)
    def join(self, group: str, user: str) -> None:
        self.site.people.add_users(PEER, self.domain, (user,), group)
        self.model.members.add((group, user))

    @rule(group=groups, user=users)
    def leave(self, group: str, user: str) -> None:
        if GROUPS.index(group) != USERS.index(user):  # whose it is
            self.site.people.remove_users(PEER, self.domain, (user,), group)
            self.model.members.discard((group, user))

    @rule(group=groups, child=groups)
    def nest(self, group: str, child: str) -> None:
        if child in self.model.circle(group):
            with pytest.raises(InputError):
                self.site.people.add_child_groups(PEER, self.domain, (child,), group)
            return
        self.site.people.add_child_groups(PEER, self.domain, (child,), group)
        self.model.members.add((group, child))

    @rule(group=groups, child=groups)
    def part(self, group: str, child: str) -> None:
        was_in = self.site.people.remove_child_group(PEER, self.domain, child, group)
        assert was_in is ((group, child) in self.model.members)
        self.model.members.discard((group, child))

    @precondition(lambda self: self.model.owner)
    @invariant()
    def everybody_may_what_the_model_says(self) -> None:
        with self.site.records.reading():
            for user in USERS:
                expected = {each for each in self.model.owner if self.model.may(user, each)}
                assert {each for each in self.model.owner if self._may(user, each)} == expected
                assert self._found(user) == expected

    def _may(self, user: str, entity: str) -> bool:
        return self.site.entities.user_has_access(PEER, self.domain, user, entity, READ)

    def _found(self, user: str) -> set[str]:
        wanted = SearchCriteria(search_field=EntitySearchField.PERMISSION_TYPE_ID, value=READ)
        return {each.entity_id or "" for each in self.site.entities.search(PEER, self.domain, user, (wanted,), 0, -1)}

    def _entity(self, entity: str, owner: str, parent: str | None) -> Entity:
        return Entity(
            domain_id=self.domain,
            entity_id=entity,
            entity_type_id="thing",
            owner_id=owner,
            parent_entity_id=parent,
            name=entity,
        )


def test_access_is_as_the_model_says() -> None:
    with tempfile.TemporaryDirectory() as home, gateway_site.gateway_site(Path(home)) as site:

        class Machine(SharingMachine):
            pass

        Machine.site = site
        run = Machine.TestCase()
        run.settings = settings(max_examples=15, stateful_step_count=12, deadline=None)
        run.runTest()
