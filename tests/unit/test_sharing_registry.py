"""The sharing registry: domains, types, users, groups and searches, for peers of the internal services."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import pytest
from gateway_site import ADMIN, PEER, Site, gateway_site

from airavata_workload.domain.errors import ConflictError, DeniedError, InputError, NotFoundError
from airavata_workload.records.sharing import (
    Domain,
    Entity,
    EntitySearchField,
    EntityType,
    GroupType,
    PermissionType,
    SearchCondition,
    SearchCriteria,
    SharingUser,
    UserGroup,
)

OF_GATEWAYS = ("seagrid:OWNER", "seagrid:READ", "seagrid:WRITE", "seagrid:MANAGE_SHARING")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Domain ``d`` with three things of ann, of which ben may see two; tests leave these as they are."""
    with gateway_site(tmp_path_factory.mktemp("home")) as site:
        site.domains.create_domain(PEER, Domain(domain_id="d", name="first"))
        site.domains.create_entity_type(PEER, EntityType(domain_id="d", entity_type_id="thing", name="thing"))
        for name in ("see", "touch"):
            site.domains.create_permission_type(PEER, PermissionType(domain_id="d", permission_type_id=name))
        for user in ("ann", "ben"):
            site.people.create_user(PEER, SharingUser(domain_id="d", user_id=user))
        for number, text in enumerate(("red apple", "green apple", "red cherry")):
            site.entities.create_entity(PEER, thing(f"e{number}", text))
        site.entities.share_with_users(PEER, "d", "e0", ("ben",), "see", True)
        site.entities.share_with_users(PEER, "d", "e1", ("ben",), "touch", True)
        yield site


def thing(entity_id: str, text: str, owner: str = "ann") -> Entity:
    return Entity(domain_id="d", entity_id=entity_id, entity_type_id="thing", owner_id=owner, name=text, full_text=text)


def found(site: Site, user: str, *filters: tuple[EntitySearchField, str, SearchCondition]) -> list[str | None]:
    criteria = tuple(
        SearchCriteria(search_field=search_field, value=value, search_condition=condition)
        for search_field, value, condition in filters
    )
    return [each.entity_id for each in site.entities.search(PEER, "d", user, criteria, 0, -1)]


F, C = EntitySearchField, SearchCondition


@pytest.mark.parametrize(
    ("user", "filters", "expected"),
    [
        ("ann", [], ["e2", "e1", "e0"]),
        ("ben", [], ["e1", "e0"]),
        ("nobody", [], []),
        ("ann", [(F.NAME, "APPLE", C.LIKE)], ["e1", "e0"]),
        ("ann", [(F.NAME, "apple", C.LIKE), (F.NAME, "red", C.LIKE)], ["e0"]),
        ("ann", [(F.NAME, "red apple", C.NOT)], ["e2", "e1"]),
        ("ann", [(F.FULL_TEXT, "cherry red", C.FULL_TEXT)], ["e2"]),
        ("ann", [(F.OWNER_ID, "ben", C.EQUAL)], []),
        ("ann", [(F.OWNER_ID, "ben", C.NOT)], ["e2", "e1", "e0"]),
        ("ann", [(F.ENTITY_TYPE_ID, "thing", C.EQUAL), (F.ENTITY_TYPE_ID, "other", C.EQUAL)], []),
        ("ann", [(F.SHARED_COUNT, "1", C.GTE)], ["e1", "e0"]),
        ("ann", [(F.SHARED_COUNT, "0", C.LTE), (F.SHARED_COUNT, "0", C.GTE)], ["e2"]),
        ("ann", [(F.CREATED_TIME, "1", C.LTE)], []),
        ("ben", [(F.PERMISSION_TYPE_ID, "see", C.EQUAL)], ["e0"]),
        ("ann", [(F.PERMISSION_TYPE_ID, "see", C.EQUAL)], ["e2", "e1", "e0"]),
        ("ben", [(F.PERMISSION_TYPE_ID, "see", C.NOT)], ["e1"]),
        ("ann", [(F.PERMISSION_TYPE_ID, "d:OWNER", C.NOT)], []),
        ("ben", [(F.PERMISSION_TYPE_ID, "see", C.EQUAL), (F.PERMISSION_TYPE_ID, "touch", C.EQUAL)], []),
    ],
)
def test_entities_are_found(
    site: Site, user: str, filters: list[tuple[EntitySearchField, str, SearchCondition]], expected: list[str]
) -> None:
    assert found(site, user, *filters) == expected


@pytest.mark.parametrize("filters", [(), (SearchCriteria(search_field=F.NAME, value="x", search_condition=C.NOT),)])
def test_searches_are_cut_into_pages(site: Site, filters: tuple[SearchCriteria, ...]) -> None:
    pages = [site.entities.search(PEER, "d", "ann", filters, offset, 2) for offset in (0, 2, 4)]
    assert [[each.entity_id for each in page] for page in pages] == [["e2", "e1"], ["e0"], []]


def test_an_impossible_search_is_refused(site: Site) -> None:
    with pytest.raises(InputError, match="no number"):
        found(site, "ann", (F.SHARED_COUNT, "many", C.GTE))
    with pytest.raises(InputError, match="no field or no value"):
        site.entities.search(PEER, "d", "ann", (SearchCriteria(),), 0, -1)


def test_everything_is_for_internal_peers_only(site: Site) -> None:
    for service in (site.domains, site.people, site.entities):
        for name, method in inspect.getmembers(service, inspect.ismethod):
            if not name.startswith("_"):
                some = [Domain()] * (len(inspect.signature(method).parameters) - 1)
                with pytest.raises(DeniedError, match="internal services"):
                    method(ADMIN, *some)


def test_a_domain_keeps_its_types_while_they_are_used(site: Site) -> None:
    domains = site.domains
    with pytest.raises(ConflictError):
        domains.create_domain(PEER, Domain(domain_id="d"))
    assert domains.update_domain(PEER, Domain(domain_id="d", description="a domain"))
    assert (domains.domain(PEER, "d").name, domains.domain(PEER, "d").description) == ("first", "a domain")
    for refused in (
        lambda: domains.delete_domain(PEER, "d"),
        lambda: domains.delete_entity_type(PEER, "d", "thing"),
        lambda: domains.delete_permission_type(PEER, "d", "see"),
        lambda: domains.create_permission_type(PEER, PermissionType(domain_id="d", permission_type_id="see")),
    ):
        with pytest.raises(ConflictError):
            refused()
    assert [each.permission_type_id for each in domains.permission_types(PEER, "d", 1, 1)] == ["see"]
    assert domains.update_entity_type(PEER, EntityType(domain_id="d", entity_type_id="thing", description="any"))
    assert domains.entity_type(PEER, "d", "thing").name == "thing"
    assert domains.permission_type_exists(PEER, "d", "d:OWNER")
    with pytest.raises(NotFoundError, match="domain 'none'"):
        domains.create_entity_type(PEER, EntityType(domain_id="none", entity_type_id="x"))


def test_an_empty_domain_goes_with_its_types(site: Site) -> None:
    site.domains.create_domain(PEER, Domain(domain_id="short"))
    assert site.domains.delete_domain(PEER, "short")
    assert not site.domains.domain_exists(PEER, "short")
    assert not site.domains.permission_type_exists(PEER, "short", "short:OWNER")


def test_a_gateway_is_a_domain_with_airavatas_types(site: Site) -> None:
    permissions = {each.permission_type_id for each in site.domains.permission_types(PEER, "seagrid", 0, -1)}
    assert permissions == set(OF_GATEWAYS)
    types = {each.entity_type_id for each in site.domains.entity_types(PEER, "seagrid", 0, -1)}
    assert {"seagrid:PROJECT", "seagrid:EXPERIMENT", "seagrid:FILE", "seagrid:CREDENTIAL_TOKEN"} <= types


def test_owner_is_neither_shared_nor_revoked(site: Site) -> None:
    with pytest.raises(InputError, match="OWNER"):
        site.entities.revoke_from_users(PEER, "d", "e0", ("ann",), "d:OWNER")
    with pytest.raises(InputError, match="OWNER"):
        site.entities.share_with_groups(PEER, "d", "e0", ("ben",), "d:OWNER", True)
    with pytest.raises(NotFoundError, match="permission type 'fly'"):
        site.entities.share_with_users(PEER, "d", "e0", ("ben",), "fly", True)
    with pytest.raises(NotFoundError, match="user or group 'nobody'"):
        site.entities.share_with_users(PEER, "d", "e0", ("nobody",), "see", True)


def test_holders_are_listed_with_where_they_hold(site: Site) -> None:
    assert [each.user_id for each in site.entities.shared_users(PEER, "d", "e0", "see")] == ["ben"]
    assert [each.user_id for each in site.entities.directly_shared_users(PEER, "d", "e0", "d:OWNER")] == ["ann"]
    assert site.entities.shared_groups(PEER, "d", "e0", "see") == ()


def test_groups_in_groups_never_in_a_circle(site: Site) -> None:
    for group in ("inner", "outer"):
        new = UserGroup(domain_id="d", group_id=group, name=group, owner_id="ann")
        site.people.create_group(PEER, new)
    site.people.add_child_groups(PEER, "d", ("inner",), "outer")
    with pytest.raises(InputError, match="cannot be put"):
        site.people.add_child_groups(PEER, "d", ("outer",), "inner")
    assert [each.group_id for each in site.people.member_groups(PEER, "d", "outer", 0, -1)] == ["inner"]
    assert [each.user_id for each in site.people.member_users(PEER, "d", "outer", 0, -1)] == ["ann"]
    assert site.people.remove_child_group(PEER, "d", "inner", "outer")
    assert site.people.group(PEER, "d", "inner").group_type is GroupType.USER_LEVEL_GROUP
    assert [each.group_id for each in site.people.groups_of_user(PEER, "d", "ann")] == ["inner", "outer"]
    with pytest.raises(ConflictError, match="another owner"):
        site.people.update_group(PEER, UserGroup(domain_id="d", group_id="inner", owner_id="ben"))
    for group in ("inner", "outer"):
        assert site.people.delete_group(PEER, "d", group)


def test_a_group_and_a_user_never_have_one_id(site: Site) -> None:
    site.people.create_group(PEER, UserGroup(domain_id="d", group_id="both", name="both", owner_id="ann"))
    with pytest.raises(ConflictError):
        site.people.create_user(PEER, SharingUser(domain_id="d", user_id="both"))
    assert not site.people.user_exists(PEER, "d", "both")
    with pytest.raises(ConflictError):
        site.people.create_group(PEER, UserGroup(domain_id="d", group_id="ben", name="ben", owner_id="ann"))
    assert site.people.delete_group(PEER, "d", "both")


def test_a_user_goes_when_nothing_is_theirs(site: Site) -> None:
    site.people.create_user(PEER, SharingUser(domain_id="d", user_id="cid", user_name="Cid"))
    site.entities.share_with_users(PEER, "d", "e0", ("cid",), "see", True)
    with pytest.raises(ConflictError, match="owns 3 entities"):
        site.people.delete_user(PEER, "d", "ann")
    assert site.people.update_user(PEER, SharingUser(domain_id="d", user_id="cid", user_name="Sid"))
    assert site.people.group(PEER, "d", "cid").name == "Sid"
    assert site.people.delete_user(PEER, "d", "cid")
    assert not site.people.user_exists(PEER, "d", "cid")
    assert not site.entities.user_has_access(PEER, "d", "cid", "e0", "see")
    assert [each.user_id for each in site.people.users(PEER, "d", 0, -1)] == ["ann", "ben"]
