"""Resource profiles of gateways, groups and users, as portals manage them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from catalogue_site import ADA, ADMIN, BOB, PEER, STRANGER, VIEWER, CatalogueSite, catalogue_site, preference

from airavata_workload.domain.caller import Caller
from airavata_workload.domain.errors import ConflictError, DeniedError, InputError, NotFoundError
from airavata_workload.records.gateway_profiles import GatewayResourceProfile, StoragePreference
from airavata_workload.records.group_profiles import (
    BatchQueueResourcePolicy,
    ComputeResourcePolicy,
    ComputeResourceReservation,
    GroupComputeResourcePreference,
    GroupResourceProfile,
)
from airavata_workload.records.groups import ResourcePermissionType
from airavata_workload.records.user_profiles import (
    UserComputeResourcePreference,
    UserResourceProfile,
    UserStoragePreference,
)

READ, WRITE = ResourcePermissionType.READ, ResourcePermissionType.WRITE


@pytest.fixture
def site(tmp_path: Path) -> Iterator[CatalogueSite]:
    with catalogue_site(tmp_path) as site:
        yield site


class TestGatewayProfiles:
    def test_preferences_are_added_changed_and_deleted_one_by_one(self, site: CatalogueSite) -> None:
        alpha, store = site.alpha(), site.store()
        profiles = site.gateway_profiles
        assert profiles.register(ADMIN, GatewayResourceProfile(gateway_id="chemistry")) == "chemistry"
        assert profiles.add_compute_preference(ADMIN, "chemistry", alpha, replace(preference(alpha)))
        with pytest.raises(ConflictError, match="already"):
            profiles.add_compute_preference(ADMIN, "chemistry", alpha, preference(alpha))
        changed = replace(preference(alpha), login_user_name="other")
        assert profiles.update_compute_preference(ADMIN, "chemistry", alpha, changed)
        assert profiles.get_compute_preference(ADA, "chemistry", alpha) == changed
        storage = StoragePreference(storage_resource_id="", login_user_name="data", file_system_root_location="/d")
        assert profiles.add_storage_preference(ADMIN, "chemistry", store, storage)
        assert profiles.storage_preferences(ADA, "chemistry") == (replace(storage, storage_resource_id=store),)
        assert profiles.update_storage_preference(ADMIN, "chemistry", store, replace(storage, login_user_name="d2"))
        assert profiles.get_storage_preference(ADA, "chemistry", store).login_user_name == "d2"
        assert profiles.delete_storage_preference(ADMIN, "chemistry", store)
        assert profiles.delete_compute_preference(ADMIN, "chemistry", alpha)
        assert profiles.compute_preferences(ADA, "chemistry") == ()
        for gone in (
            lambda: profiles.get_compute_preference(ADA, "chemistry", alpha),
            lambda: profiles.get_storage_preference(ADA, "chemistry", store),
            lambda: profiles.delete_compute_preference(ADMIN, "chemistry", alpha),
            lambda: profiles.update_storage_preference(ADMIN, "chemistry", store, storage),
        ):
            with pytest.raises(NotFoundError):
                gone()

    def test_an_update_keeps_preferences_of_which_it_says_nothing(self, site: CatalogueSite) -> None:
        alpha = site.alpha()
        site.profile(alpha)
        site.gateway_profiles.update(ADMIN, "chemistry", GatewayResourceProfile(gateway_id="chemistry"))
        found = site.gateway_profiles.get(ADA, "chemistry")
        assert (found.credential_store_token, found.compute_resource_preferences) == (None, (preference(alpha),))
        with pytest.raises(ConflictError):
            site.gateway_profiles.register(ADMIN, found)
        assert site.gateway_profiles.delete(ADMIN, "chemistry")
        with pytest.raises(NotFoundError):
            site.gateway_profiles.get(ADA, "chemistry")

    def test_another_gateways_profile_does_not_exist(self, site: CatalogueSite) -> None:
        site.profile(site.alpha())
        with pytest.raises(NotFoundError):
            site.gateway_profiles.get(STRANGER, "chemistry")
        with pytest.raises(NotFoundError):
            site.gateway_profiles.register(STRANGER, GatewayResourceProfile(gateway_id="chemistry"))
        assert site.gateway_profiles.all(STRANGER) == ()
        assert len(site.gateway_profiles.all(VIEWER)) == len(site.gateway_profiles.all(PEER)) == 1
        for caller in (ADA, VIEWER):
            with pytest.raises(DeniedError):
                site.gateway_profiles.delete(caller, "chemistry")

    @pytest.mark.parametrize(
        ("fields", "named"),
        [
            ({"scratch_location": "scratch"}, "scratch_location"),
            ({"login_user_name": "-oX"}, "login_user_name"),
            ({"reservation_starts_at_ms": 2, "reservation_ends_at_ms": 1}, "reservation"),
            ({"resource_specific_credential_store_token": "no-such"}, "resource_specific_credential_store_token"),
        ],
    )
    def test_a_refusal_names_resource_and_field(
        self, site: CatalogueSite, fields: dict[str, object], named: str
    ) -> None:
        alpha = site.alpha()
        site.profile(alpha)
        wrong = replace(preference(alpha), **fields)  # type: ignore[arg-type]
        with pytest.raises(InputError, match=named) as refused:
            site.gateway_profiles.update_compute_preference(ADMIN, "chemistry", alpha, wrong)
        assert alpha in str(refused.value)
        with pytest.raises(NotFoundError, match="compute resource 'no-such'"):
            site.gateway_profiles.add_compute_preference(ADMIN, "chemistry", "no-such", preference("no-such"))

    def test_the_credential_of_another_gateway_does_not_exist(self, site: CatalogueSite) -> None:
        token = site.token("theirs", owner=STRANGER)
        profile = GatewayResourceProfile(gateway_id="chemistry", credential_store_token=token)
        with pytest.raises(InputError, match="credential_store_token") as refused:
            site.gateway_profiles.register(ADMIN, profile)
        assert token not in str(refused.value)


class TestUserProfiles:
    def test_users_keep_their_own(self, site: CatalogueSite) -> None:
        alpha, store, profiles = site.alpha(), site.store(), site.user_profiles
        assert profiles.get(ADA, "ada", "chemistry").is_null, "there is none yet"
        assert not profiles.exists(ADA, "ada", "chemistry")
        assert profiles.register(ADA, UserResourceProfile(user_id="ada", gateway_id="chemistry")) == "ada"
        assert profiles.exists(ADA, "ada", "chemistry")
        own = UserComputeResourcePreference(compute_resource_id=alpha, login_user_name="ada1")
        kept = UserStoragePreference(storage_resource_id=store, login_user_name="ada2")
        assert profiles.add_compute_preference(ADA, "ada", "chemistry", alpha, own)
        assert profiles.has_compute_preference(ADA, "ada", "chemistry", alpha)
        assert profiles.add_storage_preference(ADA, "ada", "chemistry", store, kept)
        assert profiles.get_compute_preference(ADA, "ada", "chemistry", alpha) == own
        assert profiles.get_storage_preference(ADA, "ada", "chemistry", store) == kept
        changed = replace(own, login_user_name="ada3")
        assert profiles.update_compute_preference(ADA, "ada", "chemistry", alpha, changed)
        assert profiles.update_storage_preference(ADA, "ada", "chemistry", store, kept)
        assert profiles.compute_preferences(ADA, "ada", "chemistry") == (changed,)
        assert profiles.storage_preferences(ADA, "ada", "chemistry") == (kept,)
        assert profiles.update(ADA, "ada", "chemistry", UserResourceProfile(user_id="ada", gateway_id="chemistry"))
        assert profiles.get(ADMIN, "ada", "chemistry").user_compute_resource_preferences == (changed,)
        assert profiles.delete_compute_preference(ADA, "ada", "chemistry", alpha)
        assert profiles.delete_storage_preference(ADA, "ada", "chemistry", store)
        assert profiles.delete(ADA, "ada", "chemistry")
        assert profiles.get(ADA, "ada", "chemistry").is_null

    def test_nobody_elses(self, site: CatalogueSite) -> None:
        profile = UserResourceProfile(user_id="ada", gateway_id="chemistry")
        site.user_profiles.register(ADA, profile)
        with pytest.raises(ConflictError):
            site.user_profiles.register(ADA, profile)
        for denied in (
            lambda: site.user_profiles.get(BOB, "ada", "chemistry"),
            lambda: site.user_profiles.delete(BOB, "ada", "chemistry"),
            lambda: site.user_profiles.delete(VIEWER, "ada", "chemistry"),
            lambda: site.user_profiles.all(BOB),
        ):
            with pytest.raises(DeniedError):
                denied()
        with pytest.raises(NotFoundError):
            site.user_profiles.get(STRANGER, "ada", "chemistry")
        assert site.user_profiles.all(VIEWER) == site.user_profiles.all(PEER) == (profile,)
        assert site.user_profiles.all(STRANGER) == ()

    def test_a_credential_must_be_ones_own_or_shared(self, site: CatalogueSite) -> None:
        token = site.token("gateway-key")
        profile = UserResourceProfile(user_id="ada", gateway_id="chemistry", credential_store_token=token)
        with pytest.raises(DeniedError, match="credential_store_token"):
            site.user_profiles.register(ADA, profile)
        own = site.token("ada-key", owner=ADA)
        assert site.user_profiles.register(ADA, replace(profile, credential_store_token=own)) == "ada"


class TestGroupProfiles:
    def test_the_parts_get_their_ids(self, site: CatalogueSite) -> None:
        alpha = site.alpha()
        reservation = ComputeResourceReservation(
            reservation_name="course", queue_names=("long",), starts_at_ms=1, ends_at_ms=2
        )
        profile = GroupResourceProfile(
            gateway_id="chemistry",
            group_resource_profile_name="course",
            compute_preferences=(
                GroupComputeResourcePreference(compute_resource_id=alpha, reservations=(reservation,)),
            ),
            compute_resource_policies=(
                ComputeResourcePolicy(
                    resource_policy_id="DO_NOT_SET_AT_CLIENTS",
                    compute_resource_id=alpha,
                    allowed_batch_queues=("long",),
                ),
            ),
            batch_queue_resource_policies=(
                BatchQueueResourcePolicy(compute_resource_id=alpha, queue_name="long", max_allowed_nodes=1),
            ),
        )
        groups = site.group_profiles
        group = groups.create(ADA, profile)
        found = groups.get(ADA, group)
        assert (found.group_resource_profile_id, found.created_at_ms) == (group, site.clock() // 1000)
        own = groups.get_compute_preference(ADA, alpha, group)
        assert own.group_resource_profile_id == group
        assert (own.reservations or ())[0].reservation_id.startswith("course_")
        (policy,) = groups.compute_policies(ADA, group)
        (queue_policy,) = groups.queue_policies(ADA, group)
        assert groups.get_compute_policy(ADA, policy.resource_policy_id) == policy
        assert groups.get_queue_policy(ADA, queue_policy.resource_policy_id) == queue_policy
        assert groups.has_compute_preference(ADA, alpha, group)
        assert groups.remove_compute_policy(ADA, policy.resource_policy_id)
        assert groups.remove_queue_policy(ADA, queue_policy.resource_policy_id)
        assert groups.remove_compute_preference(ADA, alpha, group)
        empty = groups.get(ADA, group)
        assert (empty.compute_preferences, empty.compute_resource_policies) == ((), ())
        for gone in (
            lambda: groups.get_compute_policy(ADA, policy.resource_policy_id),
            lambda: groups.remove_queue_policy(ADA, queue_policy.resource_policy_id),
            lambda: groups.get_compute_preference(ADA, alpha, group),
            lambda: groups.remove_compute_preference(ADA, alpha, group),
        ):
            with pytest.raises(NotFoundError):
                gone()
        assert groups.remove(ADA, group)
        assert not groups.exists(ADA, group)

    def test_it_is_seen_and_changed_by_those_with_whom_it_is_shared(self, site: CatalogueSite) -> None:
        groups = site.group_profiles
        group = site.group(site.alpha(), owner=ADA)
        assert groups.accessible(BOB, "chemistry") == ()
        for denied in (
            lambda: groups.get(BOB, group),
            lambda: groups.remove(BOB, group),
            lambda: groups.update(VIEWER, groups.get(VIEWER, group)),
        ):
            with pytest.raises(DeniedError):
                denied()
        site.sharing.share_with_users(ADA, group, user_permission_list={"bob@chemistry": READ})
        (seen,) = groups.accessible(BOB, "chemistry")
        with pytest.raises(DeniedError):
            groups.update(BOB, seen)
        site.sharing.share_with_users(ADA, group, user_permission_list={"bob@chemistry": WRITE})
        groups.update(BOB, replace(seen, group_resource_profile_name="renamed", compute_preferences=None))
        changed = groups.get(ADMIN, group)
        assert (changed.group_resource_profile_name, changed.compute_preferences) == (
            "renamed",
            seen.compute_preferences,
        )

    def test_another_gateways_does_not_exist(self, site: CatalogueSite) -> None:
        groups, group = site.group_profiles, site.group(site.alpha())
        for asked in (
            lambda: groups.get(STRANGER, group),
            lambda: groups.remove(STRANGER, group),
            lambda: groups.accessible(STRANGER, "chemistry"),
            lambda: groups.create(STRANGER, groups.get(ADMIN, group)),
        ):
            with pytest.raises(NotFoundError):
                asked()
        assert not groups.exists(STRANGER, group)
        assert [each.group_resource_profile_id for each in groups.accessible_among(PEER, "chemistry", (group,))] == [
            group
        ]
        assert groups.accessible_among(PEER, "chemistry", ()) == ()
        with pytest.raises(DeniedError):
            groups.accessible_among(ADMIN, "chemistry", (group,))

    def test_an_update_may_not_bring_a_credential_that_is_not_for_the_caller(self, site: CatalogueSite) -> None:
        group = site.group(site.alpha(), owner=ADA)
        profile = site.group_profiles.get(ADA, group)
        site.token("gateway-key")
        with pytest.raises(DeniedError, match="default_credential_store_token"):
            site.group_profiles.update(ADA, replace(profile, default_credential_store_token="gateway-key"))

    @pytest.mark.parametrize("caller", [ADA, ADMIN])
    def test_a_refusal_names_the_field(self, site: CatalogueSite, caller: Caller) -> None:
        alpha = site.alpha()
        negative = BatchQueueResourcePolicy(compute_resource_id=alpha, queue_name="long", max_allowed_cores=-1)
        base = GroupResourceProfile(gateway_id="chemistry", group_resource_profile_name="g")
        for wrong, named in (
            (replace(base, group_resource_profile_name=""), "group_resource_profile_name"),
            (replace(base, batch_queue_resource_policies=(negative,)), "max_allowed_cores"),
        ):
            with pytest.raises(InputError, match=named):
                site.group_profiles.create(caller, wrong)
