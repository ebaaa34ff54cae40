"""Groups, gateways and users: who may change them, and what a gateway begins with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from gateway_site import ADMIN, ALICE, BOB, CAROL, PEER, STRANGER, Site, TickingClock, gateway_named, gateway_site

from airavata_workload.api.access.member_roles import FRESH_US, MemberRoles
from airavata_workload.api.people.gateways import Gateways
from airavata_workload.api.sharing.sharing import READ
from airavata_workload.domain.caller import Caller, Role
from airavata_workload.domain.errors import ConflictError, DeniedError, InputError, NotFoundError
from airavata_workload.ports.record_store import Query
from airavata_workload.records.applications import ApplicationModule
from airavata_workload.records.credentials import SSHCredential, SummaryType
from airavata_workload.records.data_products import DataProduct, DataReplicaLocation
from airavata_workload.records.gateway_profiles import GatewayResourceProfile
from airavata_workload.records.gateways import GatewayApprovalStatus, GatewayUsageReportingCommand
from airavata_workload.records.groups import Group, ResourceType
from airavata_workload.records.kinds import KINDS
from airavata_workload.records.plans import ExperimentPlan
from airavata_workload.records.record import Record
from airavata_workload.records.user_profiles import UserResourceProfile
from airavata_workload.records.users import NSFDemographics, UserProfile, UserStatus


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Tests use groups and gateways of their own, so that the tables are made once."""
    with gateway_site(tmp_path_factory.mktemp("home")) as site:
        yield site


def test_a_group_belongs_to_who_made_it(site: Site) -> None:
    group_id = site.groups.create(ALICE, Group(name="chemists", members=("bob",), admins=("carol@seagrid",)))
    group = site.groups.get(BOB, group_id)
    assert group.owner_id == "alice@seagrid"
    assert set(group.members or ()) == {"alice@seagrid", "bob@seagrid", "carol@seagrid"}
    assert group.admins == ("carol@seagrid",)
    assert group in site.groups.of_user(ALICE, "bob@seagrid")
    assert group in site.groups.all(CAROL)
    assert site.groups.has_owner_access(BOB, group_id, "alice")
    assert site.groups.has_admin_access(BOB, group_id, "carol")
    assert not site.groups.has_admin_access(BOB, group_id, "alice")


def test_administrators_change_members_and_only_the_owner_the_rest(site: Site) -> None:
    group_id = site.groups.create(ALICE, Group(name="physicists", members=("bob",), admins=("carol",)))
    with pytest.raises(DeniedError):
        site.groups.add_users(BOB, ("dave",), group_id)
    assert site.groups.add_users(CAROL, ("dave",), group_id)
    assert site.groups.update(CAROL, Group(id=group_id, description="of matter"))
    for refused in (
        lambda: site.groups.add_admins(CAROL, group_id, ("bob",)),
        lambda: site.groups.transfer_ownership(CAROL, group_id, "carol"),
        lambda: site.groups.delete(CAROL, group_id),
    ):
        with pytest.raises(DeniedError):
            refused()
    changed = site.groups.get(ALICE, group_id)
    assert (changed.name, changed.description) == ("physicists", "of matter")


def test_ownership_goes_to_a_member_and_the_owner_cannot_leave(site: Site) -> None:
    group_id = site.groups.create(ALICE, Group(name="biologists", members=("bob",), admins=("bob",)))
    with pytest.raises(ConflictError, match="cannot leave"):
        site.groups.remove_users(ALICE, ("alice",), group_id)
    with pytest.raises(ConflictError, match="not in group"):
        site.groups.transfer_ownership(ALICE, group_id, "eve")
    assert site.groups.transfer_ownership(ALICE, group_id, "bob@seagrid")
    assert site.groups.get(ALICE, group_id).admins == ()
    assert site.groups.remove_users(BOB, ("alice",), group_id)
    with pytest.raises(DeniedError):
        site.groups.delete(ALICE, group_id)
    with pytest.raises(InputError, match="not owned"):
        site.groups.delete(BOB, group_id, "alice")
    assert site.groups.delete(BOB, group_id, "bob")
    with pytest.raises(NotFoundError):
        site.groups.get(BOB, group_id)


def test_admins_are_members_and_named_once(site: Site) -> None:
    group_id = site.groups.create(ALICE, Group(name="geologists", members=("bob",)))
    with pytest.raises(ConflictError, match="not in group"):
        site.groups.add_admins(ALICE, group_id, ("carol",))
    assert site.groups.add_admins(ALICE, group_id, ("bob",))
    with pytest.raises(ConflictError, match="already"):
        site.groups.add_admins(ALICE, group_id, ("bob",))
    assert site.groups.remove_admins(ALICE, group_id, ("bob",))
    assert not site.groups.has_admin_access(ALICE, group_id, "bob")


def test_a_gateway_begins_with_three_groups_that_give_roles(site: Site) -> None:
    groups = site.gateways.gateway_groups(ALICE)
    site.users.initialize_profile(ALICE)
    assert site.groups.roles("seagrid", "alice") == {Role.USER}
    assert site.groups.roles("seagrid", "root") == set(Role)
    site.groups.add_users(ADMIN, ("alice",), groups.admins_group_id)
    assert Role.ADMIN in site.groups.roles("seagrid", "alice")
    site.groups.remove_users(ADMIN, ("alice",), groups.admins_group_id)
    with pytest.raises(DeniedError):
        site.groups.add_users(ALICE, ("alice",), groups.admins_group_id)
    with pytest.raises(ConflictError, match="needs group"):
        site.groups.delete(ADMIN, groups.read_only_admins_group_id)
    assert site.groups.roles("nowhere", "alice") == frozenset()


def test_roles_are_remembered_for_two_seconds() -> None:
    asked: list[tuple[str, str]] = []
    clock = TickingClock(step_us=0)

    def source(gateway_id: str, user: str) -> frozenset[Role]:
        asked.append((gateway_id, user))
        return frozenset({Role.ADMIN} if len(asked) == 1 else ())

    roles = MemberRoles(source=source, clock=clock)
    assert [roles("seagrid", "alice") for _ in range(3)] == [{Role.ADMIN}] * 3
    assert roles("seagrid", "bob") == frozenset()
    assert asked == [("seagrid", "alice"), ("seagrid", "bob")]
    clock.now_us += FRESH_US
    assert roles("seagrid", "alice") == frozenset()


def test_a_group_of_another_gateway_is_not_there(site: Site) -> None:
    group_id = site.groups.create(ALICE, Group(name="secret"))
    for refused in (
        lambda: site.groups.get(STRANGER, group_id),
        lambda: site.groups.delete(STRANGER, group_id),
        lambda: site.groups.add_users(STRANGER, ("alice",), group_id),
        lambda: site.groups.get(ALICE, "alice@seagrid"),
    ):
        with pytest.raises(NotFoundError):
            refused()
    assert site.groups.all(STRANGER) == ()


def test_a_deleted_group_holds_nothing_any_more(site: Site) -> None:
    group_id = site.groups.create(ALICE, Group(name="short-lived", members=("bob",)))
    site.sharing.register_entity(ALICE, "shared-with-group", ResourceType.PROJECT)
    site.sharing.share_with_groups(ALICE, "shared-with-group", {group_id: READ})
    assert site.sharing.may(BOB, "shared-with-group", READ)
    site.groups.delete(ALICE, group_id)
    assert not site.sharing.may(BOB, "shared-with-group", READ)


# -- gateways ----------------------------------------------------------------------------
def test_gateways_see_themselves_alone(site: Site) -> None:
    other = Caller(gateway="ultrascan", user="boss", roles=frozenset({Role.ADMIN}))
    assert site.gateways.add(other, gateway_named("ultrascan", oauth_client_secret="hush")) == "ultrascan"
    assert site.gateways.get(other, "ultrascan").oauth_client_secret == "hush"
    assert [each.gateway_id for each in site.gateways.all(other)] == ["ultrascan"]
    assert not site.gateways.exists(ALICE, "ultrascan")
    for refused in (
        lambda: site.gateways.get(ADMIN, "ultrascan"),
        lambda: site.gateways.update(ADMIN, "ultrascan", gateway_named("ultrascan")),
        lambda: site.gateways.delete(ADMIN, "ultrascan"),
    ):
        with pytest.raises(NotFoundError):
            refused()
    plain = replace(other, roles=frozenset({Role.USER}))
    assert site.gateways.get(plain, "ultrascan").oauth_client_secret is None
    assert {each.gateway_id for each in site.gateways.all(PEER)} >= {"seagrid", "ultrascan"}
    assert [each.gateway_id for each in site.gateways.requested_by(other, "boss")] == ["ultrascan"]


def test_only_administrators_add_and_change_gateways(site: Site) -> None:
    with pytest.raises(DeniedError):
        site.gateways.add(ALICE, gateway_named("alices"))
    with pytest.raises(DeniedError):
        site.gateways.update(ALICE, "seagrid", gateway_named("seagrid", gateway_name="mine"))
    with pytest.raises(ConflictError):
        site.gateways.add(ADMIN, gateway_named("seagrid"))
    with pytest.raises(InputError):
        site.gateways.add(ADMIN, gateway_named("../up"))
    assert site.gateways.update(ADMIN, "seagrid", gateway_named("seagrid", gateway_name="SEAGrid"))
    with pytest.raises(ConflictError, match="named 'SEAGrid'"):
        site.gateways.add(ADMIN, gateway_named("seagrid2", gateway_name="SEAGrid"))


def test_a_super_gateway_approves_and_sees_all(site: Site) -> None:
    gateways = Gateways(records=site.records, clock=site.clock, super_gateway="portal-of-portals")
    chief = Caller(gateway="portal-of-portals", user="chief", roles=frozenset({Role.ADMIN}))
    hopeful = Caller(gateway="wish", user="boss", roles=frozenset({Role.ADMIN}))
    gateways.add(hopeful, replace(gateway_named("wish"), gateway_approval_status=GatewayApprovalStatus.APPROVED))
    with pytest.raises(DeniedError, match="REQUESTED"):
        gateways.update(hopeful, "wish", gateway_named("wish"))
    assert gateways.update_profile(chief, gateway_named("wish"))
    assert gateways.get(chief, "wish").gateway_approval_status is GatewayApprovalStatus.ACTIVE


def test_a_gateway_goes_when_it_is_empty_and_leaves_nothing(site: Site) -> None:
    boss = Caller(gateway="brief", user="boss", roles=frozenset({Role.ADMIN}))
    site.gateways.add(boss, gateway_named("brief"))
    site.users.initialize_profile(boss)
    own: tuple[Record, ...] = (
        ApplicationModule(app_module_id="m", app_module_name="M", gateway_id="brief"),
        DataProduct(product_uri="airavata-dp://brief", gateway_id="brief", product_name="p"),
        DataReplicaLocation(replica_id="brief", product_uri="airavata-dp://brief"),
        ExperimentPlan(gateway_id="brief", user_name="boss", plan_id="p", document="{}"),
        GatewayResourceProfile(gateway_id="brief"),
        UserResourceProfile(gateway_id="brief", user_id="boss"),
    )
    with site.records.transaction() as records:
        for each in own:
            records.put(each)
    token = site.vault.keep_ssh(SSHCredential(gateway_id="brief", username="boss"))
    with pytest.raises(ConflictError, match="has 1 credentials"):
        site.gateways.delete(boss, "brief")
    site.vault.forget(token, "brief", SummaryType.SSH)
    site.sharing.register_entity(boss, "only", ResourceType.PROJECT)
    with pytest.raises(ConflictError, match="has 1 things"):
        site.gateways.delete(boss, "brief")
    site.sharing.delete_entity(boss, "only")
    assert site.gateways.delete(boss, "brief")
    with site.records.reading() as records:
        assert [each for each in own if records.get(type(each), each.identity) is not None] == []
        for kind in KINDS:
            for column in {"gateway_id", "domain_id"} & set(kind.columns()):
                assert records.count(kind, Query(equal={column: "brief"})) == 0, kind
    site.gateways.ensure("brief", "new-boss")
    assert site.users.names(PEER, "brief") == ("new-boss",)
    site.gateways.ensure("brief", "somebody-else")
    assert Role.ADMIN not in site.groups.roles("brief", "boss")


def test_what_jobs_report_is_set_by_the_installation_alone(site: Site) -> None:
    command = GatewayUsageReportingCommand(gateway_id="seagrid", compute_resource_id="expanse", command="report")
    with pytest.raises(DeniedError):
        site.gateways.set_reporting_command(ADMIN, command)
    site.gateways.set_reporting_command(PEER, command)
    assert site.gateways.reports_usage(ADMIN, "seagrid", "expanse")
    assert site.gateways.reporting_command(PEER, "seagrid", "expanse") == command
    site.gateways.remove_reporting_command(PEER, "seagrid", "expanse")
    with pytest.raises(NotFoundError):
        site.gateways.reporting_command(PEER, "seagrid", "expanse")


# -- users ---------------------------------------------------------------------------------
def profile_of(user: str, **fields: object) -> UserProfile:
    known = {"emails": (f"{user}@example.org",), "first_name": user.title(), "last_name": "Doe", "created_at_ms": 0}
    ends = {"last_access_at_ms": 0, "valid_until_ms": -1, "state": UserStatus.ACTIVE}
    return UserProfile(user_id=user, gateway_id="seagrid", **{**known, **ends, **fields})  # type: ignore[arg-type]


def test_a_profile_is_changed_by_its_user(site: Site) -> None:
    assert site.users.add_profile(ALICE, profile_of("alice", nsf_demographics=NSFDemographics(gender="f"))) == "alice"
    with pytest.raises(DeniedError):
        site.users.update_profile(BOB, profile_of("alice", last_name="Roe"))
    assert site.users.update_profile(ALICE, profile_of("alice", last_name="Roe", state=UserStatus.DENIED))
    mine = site.users.profile(ALICE, "alice", "seagrid")
    assert (mine.last_name, mine.state, mine.airavata_internal_user_id) == ("Roe", UserStatus.ACTIVE, "alice@seagrid")
    assert mine.nsf_demographics == NSFDemographics(gender="f")
    assert site.users.profile(BOB, "alice", "seagrid").nsf_demographics is None
    assert site.people.user(PEER, "seagrid", "alice@seagrid").email == "alice@example.org"


def test_users_are_listed_by_pages_and_to_their_gateway_only(site: Site) -> None:
    for user in ("zoe", "yan", "xia"):
        site.users.add_profile(ADMIN, profile_of(user))
    names = [each.user_id for each in site.users.profiles(BOB, "seagrid", 0, -1)]
    assert names == sorted(names)
    assert [each.user_id for each in site.users.profiles(BOB, "seagrid", len(names) - 2, 1)] == ["yan"]
    assert {"zoe", "yan", "xia"} <= set(site.users.names(BOB, "seagrid"))
    assert site.users.exists(BOB, "seagrid", "zoe")
    assert not site.users.exists(BOB, "seagrid", "nobody")
    assert site.users.has_profile(BOB, "xia", "seagrid")
    for refused in (
        lambda: site.users.profiles(STRANGER, "seagrid", 0, 10),
        lambda: site.users.profile(STRANGER, "zoe", "seagrid"),
        lambda: site.users.names(STRANGER, "seagrid"),
    ):
        with pytest.raises(NotFoundError):
            refused()
    with pytest.raises(DeniedError):
        site.users.delete_profile(BOB, "zoe", "seagrid")
    assert site.users.delete_profile(ADMIN, "zoe", "seagrid")
    assert not site.users.has_profile(BOB, "zoe", "seagrid")
