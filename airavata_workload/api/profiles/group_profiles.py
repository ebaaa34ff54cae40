"""Group resource profiles: as whom and how much those with whom a profile is shared use compute resources."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import TypeVar

from airavata_workload.api import request_check as check
from airavata_workload.api.access.existing_gateway import require_existing_gateway
from airavata_workload.api.access.permission import missing, require_gateway, require_internal, require_writer
from airavata_workload.api.credentials.credential_tokens import check_tokens
from airavata_workload.api.profiles.preference_check import check_changed
from airavata_workload.api.sharing.sharing import Sharing
from airavata_workload.domain.caller import Caller
from airavata_workload.domain.clock import Clock
from airavata_workload.ports.record_store import EVERYTHING, Query, Records, RecordStore
from airavata_workload.records.group_profiles import (
    BatchQueueResourcePolicy,
    ComputeResourcePolicy,
    ComputeResourceReservation,
    GroupComputeResourcePreference,
    GroupResourceProfile,
)
from airavata_workload.records.groups import ResourcePermissionType, ResourceType

P = TypeVar("P", ComputeResourcePolicy, BatchQueueResourcePolicy)


class GroupProfiles:
    """Keeps group resource profiles; each is owned by who made it and shared like other things.

    Reading one, or any part of it, takes READ, changing it WRITE; the owner
    and the administrators of the gateway have both. The credentials that it
    names must be readable by who writes it, since all who may use the profile
    work with them. ``clock`` gives microseconds. Raises ``NotFoundError``,
    ``DeniedError`` and ``InputError``.
    """

    def __init__(self, *, records: RecordStore, sharing: Sharing, clock: Clock) -> None:
        self._records = records
        self._sharing = sharing
        self._clock = clock

    # -- profiles -----------------------------------------------------------------------
    def create(self, caller: Caller, group_resource_profile: GroupResourceProfile) -> str:
        """Store a new profile of the caller; returns its id, which is made here."""
        require_existing_gateway(self._records, caller, group_resource_profile.gateway_id)
        require_writer(caller, "create group resource profiles")
        now_ms = self._clock() // 1000
        new = replace(
            group_resource_profile,
            group_resource_profile_id=str(uuid.uuid4()),
            group_resource_profile_name=check.given(
                group_resource_profile.group_resource_profile_name, "group_resource_profile_name"
            ),
            created_at_ms=now_ms,
            updated_at_ms=now_ms,
        )
        with self._records.transaction() as records:
            self._store(records, caller, new, None)
            if not caller.internal:  # a peer of the internal services tells the sharing service itself
                self._sharing.register_entity(
                    caller,
                    new.group_resource_profile_id,
                    ResourceType.GROUP_RESOURCE_PROFILE,
                    new.group_resource_profile_name or "",
                    within=records,
                )
        return new.group_resource_profile_id

    def get(self, caller: Caller, group_resource_profile_id: str) -> GroupResourceProfile:
        """A profile with all its parts."""
        with self._records.reading() as records:
            return self._profile(records, caller, group_resource_profile_id, ResourcePermissionType.READ)

    def update(self, caller: Caller, group_resource_profile: GroupResourceProfile) -> None:
        """Put another profile in place of the one of the same id; parts stay where the new one says nothing of them."""
        new = group_resource_profile
        with self._records.transaction() as records:
            old = self._profile(records, caller, new.group_resource_profile_id, ResourcePermissionType.WRITE)
            preferences, policies = new.compute_preferences, new.compute_resource_policies
            queue_policies = new.batch_queue_resource_policies
            merged = replace(
                new,
                gateway_id=old.gateway_id,
                group_resource_profile_name=new.group_resource_profile_name or old.group_resource_profile_name,
                compute_preferences=old.compute_preferences if preferences is None else preferences,
                compute_resource_policies=old.compute_resource_policies if policies is None else policies,
                batch_queue_resource_policies=old.batch_queue_resource_policies
                if queue_policies is None
                else queue_policies,
                created_at_ms=old.created_at_ms,
                updated_at_ms=self._clock() // 1000,
            )
            self._store(records, caller, merged, old)

    def remove(self, caller: Caller, group_resource_profile_id: str) -> bool:
        """Forget a profile with its parts, and with whom it was shared."""
        with self._records.transaction() as records:
            profile = self._profile(records, caller, group_resource_profile_id, ResourcePermissionType.WRITE)
            records.delete(GroupResourceProfile, group_resource_profile_id)
            self._sharing.delete_entity(caller, group_resource_profile_id, gateway_id=profile.gateway_id)
        return True

    def accessible(self, caller: Caller, gateway_id: str) -> tuple[GroupResourceProfile, ...]:
        """The profiles of the gateway that the caller may read, the oldest first."""
        require_gateway(caller, gateway_id)
        visible = self._sharing.visible(caller, ResourcePermissionType.READ)
        among = {} if visible is None else {"group_resource_profile_id": visible}
        return self._find(Query(equal={"gateway_id": gateway_id}, among=among))

    def accessible_among(
        self, caller: Caller, gateway_id: str, accessible_group_res_profile_ids: tuple[str, ...]
    ) -> tuple[GroupResourceProfile, ...]:
        """Those of the profiles that are the gateway's; for internal peers, who ask for somebody else."""
        require_internal(caller, "list group resource profiles for somebody else")
        equal = {"gateway_id": gateway_id, "group_resource_profile_id": accessible_group_res_profile_ids}
        return self._find(Query(equal=equal))

    def _find(self, which: Query) -> tuple[GroupResourceProfile, ...]:
        with self._records.reading() as records:
            return tuple(records.find(GroupResourceProfile, which, order_by="created_at_ms"))

    def exists(self, caller: Caller, group_resource_profile_id: str) -> bool:
        """Whether the caller's gateway has a profile of that id."""
        with self._records.reading() as records:
            found = records.get(GroupResourceProfile, group_resource_profile_id)
            return found is not None and caller.acts_for(found.gateway_id)

    # -- preferences --------------------------------------------------------------------
    def get_compute_preference(
        self, caller: Caller, compute_resource_id: str, group_resource_profile_id: str
    ) -> GroupComputeResourcePreference:
        """How the profile works on a compute resource."""
        preferences = self.compute_preferences(caller, group_resource_profile_id)
        found = next((each for each in preferences if each.compute_resource_id == compute_resource_id), None)
        return check.found(found, _preference(group_resource_profile_id, compute_resource_id))

    def has_compute_preference(self, caller: Caller, compute_resource_id: str, group_resource_profile_id: str) -> bool:
        """Whether the profile says how it works on a compute resource."""
        preferences = self.compute_preferences(caller, group_resource_profile_id)
        return any(each.compute_resource_id == compute_resource_id for each in preferences)

    def compute_preferences(
        self, caller: Caller, group_resource_profile_id: str
    ) -> tuple[GroupComputeResourcePreference, ...]:
        """How the profile works on each compute resource."""
        return self.get(caller, group_resource_profile_id).compute_preferences or ()

    def remove_compute_preference(
        self, caller: Caller, compute_resource_id: str, group_resource_profile_id: str
    ) -> bool:
        """Forget how the profile works on a compute resource."""
        with self._records.transaction() as records:
            old = self._profile(records, caller, group_resource_profile_id, ResourcePermissionType.WRITE)
            before = old.compute_preferences or ()
            left = tuple(each for each in before if each.compute_resource_id != compute_resource_id)
            if len(left) == len(before):
                raise missing(_preference(group_resource_profile_id, compute_resource_id))
            records.put(replace(old, compute_preferences=left, updated_at_ms=self._clock() // 1000))
        return True

    # -- policies -----------------------------------------------------------------------
    def get_compute_policy(self, caller: Caller, resource_policy_id: str) -> ComputeResourcePolicy:
        """Which queues of a compute resource may be used."""
        return self._policy(caller, resource_policy_id, _compute_policies)

    def get_queue_policy(self, caller: Caller, resource_policy_id: str) -> BatchQueueResourcePolicy:
        """How much of a queue may be asked for."""
        return self._policy(caller, resource_policy_id, _queue_policies)

    def compute_policies(self, caller: Caller, group_resource_profile_id: str) -> tuple[ComputeResourcePolicy, ...]:
        """Which queues of each compute resource may be used."""
        return _compute_policies(self.get(caller, group_resource_profile_id))

    def queue_policies(self, caller: Caller, group_resource_profile_id: str) -> tuple[BatchQueueResourcePolicy, ...]:
        """How much of each queue may be asked for."""
        return _queue_policies(self.get(caller, group_resource_profile_id))

    def remove_compute_policy(self, caller: Caller, resource_policy_id: str) -> bool:
        """Forget which queues of a compute resource may be used; then all may."""
        with self._records.transaction() as records:
            old = self._with_policy(records, caller, resource_policy_id, _compute_policies)
            left = tuple(each for each in _compute_policies(old) if each.resource_policy_id != resource_policy_id)
            records.put(replace(old, compute_resource_policies=left, updated_at_ms=self._clock() // 1000))
        return True

    def remove_queue_policy(self, caller: Caller, resource_policy_id: str) -> bool:
        """Forget how much of a queue may be asked for; then its own limits alone count."""
        with self._records.transaction() as records:
            old = self._with_policy(records, caller, resource_policy_id, _queue_policies)
            left = tuple(each for each in _queue_policies(old) if each.resource_policy_id != resource_policy_id)
            records.put(replace(old, batch_queue_resource_policies=left, updated_at_ms=self._clock() // 1000))
        return True

    def _policy(
        self, caller: Caller, resource_policy_id: str, part: Callable[[GroupResourceProfile], tuple[P, ...]]
    ) -> P:
        with self._records.reading() as records:
            profile = _holding(records, caller, resource_policy_id, part)
            self._require(caller, profile, ResourcePermissionType.READ)
            return next(each for each in part(profile) if each.resource_policy_id == resource_policy_id)

    def _with_policy(
        self,
        records: Records,
        caller: Caller,
        resource_policy_id: str,
        part: Callable[[GroupResourceProfile], tuple[P, ...]],
    ) -> GroupResourceProfile:
        profile = _holding(records, caller, resource_policy_id, part)
        self._require(caller, profile, ResourcePermissionType.WRITE)
        return profile

    # -- what all share -----------------------------------------------------------------
    def _profile(
        self, records: Records, caller: Caller, profile_id: str | None, permission: ResourcePermissionType
    ) -> GroupResourceProfile:
        profile = group_profile_of(records, caller, profile_id)
        self._require(caller, profile, permission)
        return profile

    def _require(self, caller: Caller, profile: GroupResourceProfile, permission: ResourcePermissionType) -> None:
        if permission is ResourcePermissionType.WRITE:
            require_writer(caller, "change group resource profiles")
        what = f"group resource profile '{profile.group_resource_profile_id}'"
        self._sharing.require(caller, profile.group_resource_profile_id, permission, what)

    def _store(
        self, records: Records, caller: Caller, new: GroupResourceProfile, old: GroupResourceProfile | None
    ) -> None:
        """Check what the stored profile does not say already, give the parts their ids, and store."""
        complete = _with_part_ids(new, old)
        known = old.compute_preferences if old is not None else None
        tokens = check_changed(records, known, complete.compute_preferences, "compute_preferences")
        for policy in _queue_policies(complete):
            for field in ("max_allowed_nodes", "max_allowed_cores", "max_allowed_wall_time_min"):
                check.not_negative(getattr(policy, field), f"policy for queue '{policy.queue_name or ''}': {field}")
        if old is None or new.default_credential_store_token != old.default_credential_store_token:
            tokens.append(("default_credential_store_token", new.default_credential_store_token))
        check_tokens(records, self._sharing, caller, new.gateway_id, tokens)
        records.put(complete)


def group_profile_of(records: Records, caller: Caller, profile_id: str | None) -> GroupResourceProfile:
    """The profile, if it exists for the caller; permissions are not looked at. Raises ``NotFoundError``."""
    what = f"group resource profile '{profile_id or ''}'"
    profile = check.found(records.get(GroupResourceProfile, profile_id) if profile_id else None, what)
    require_gateway(caller, profile.gateway_id, what)
    return profile


def _preference(profile_id: str, resource_id: str) -> str:
    return f"preference of group resource profile '{profile_id}' for compute resource '{resource_id}'"


def _compute_policies(profile: GroupResourceProfile) -> tuple[ComputeResourcePolicy, ...]:
    return profile.compute_resource_policies or ()


def _queue_policies(profile: GroupResourceProfile) -> tuple[BatchQueueResourcePolicy, ...]:
    return profile.batch_queue_resource_policies or ()


def _holding(
    records: Records,
    caller: Caller,
    resource_policy_id: str,
    part: Callable[[GroupResourceProfile], tuple[P, ...]],
) -> GroupResourceProfile:
    """The profile of the caller's gateway with that policy. Raises ``NotFoundError``."""
    which = EVERYTHING if caller.internal else Query(equal={"gateway_id": caller.gateway})
    profiles = records.find(GroupResourceProfile, which)
    holding = (p for p in profiles if any(each.resource_policy_id == resource_policy_id for each in part(p)))
    return check.found(next(holding, None), f"resource policy '{resource_policy_id}'")


def _with_part_ids(profile: GroupResourceProfile, old: GroupResourceProfile | None) -> GroupResourceProfile:
    """The profile, each part with the profile's id and one of its own. Source: Airavata 0.21, their forms.

    A policy keeps an id that it has had in this profile, and no other: policies are found by their id alone.
    """
    profile_id = profile.group_resource_profile_id
    preferences, policies = profile.compute_preferences, profile.compute_resource_policies
    queue_policies = profile.batch_queue_resource_policies
    known: set[str] = set()
    if old is not None:
        known = {each.resource_policy_id for each in _compute_policies(old)}
        known |= {each.resource_policy_id for each in _queue_policies(old)}
    return replace(
        profile,
        compute_preferences=None if preferences is None else tuple(_numbered(each, profile_id) for each in preferences),
        compute_resource_policies=None if policies is None else _named(policies, profile_id, known),
        batch_queue_resource_policies=None if queue_policies is None else _named(queue_policies, profile_id, known),
    )


def _named(policies: Sequence[P], profile_id: str, known: Collection[str]) -> tuple[P, ...]:
    return tuple(
        replace(
            each,
            resource_policy_id=each.resource_policy_id if each.resource_policy_id in known else str(uuid.uuid4()),
            group_resource_profile_id=profile_id,
        )
        for each in policies
    )


def _numbered(preference: GroupComputeResourcePreference, profile_id: str) -> GroupComputeResourcePreference:
    configs, reservations = preference.group_ssh_account_provisioner_configs, preference.reservations
    return replace(
        preference,
        group_resource_profile_id=profile_id,
        group_ssh_account_provisioner_configs=None
        if configs is None
        else tuple(replace(each, group_resource_profile_id=profile_id) for each in configs),
        reservations=None if reservations is None else tuple(_reserved(each) for each in reservations),
    )


def _reserved(reservation: ComputeResourceReservation) -> ComputeResourceReservation:
    if not check.is_new(reservation.reservation_id):
        return reservation
    return replace(reservation, reservation_id=check.new_id(reservation.reservation_name))
