"""Users of a gateway and their profiles."""

from __future__ import annotations

from dataclasses import replace

from airavata_workload.api.access.existing_gateway import require_existing_gateway
from airavata_workload.api.access.permission import require_admin, require_gateway, require_internal, require_user
from airavata_workload.api.request_check import found, given, page
from airavata_workload.api.sharing import principals
from airavata_workload.api.updates import updated
from airavata_workload.domain.caller import Caller
from airavata_workload.domain.clock import Clock
from airavata_workload.domain.errors import ConflictError
from airavata_workload.ports.record_store import Query, Records, RecordStore
from airavata_workload.records.sharing import SharingUser
from airavata_workload.records.users import UserProfile, UserStatus

NEVER_MS = -1
"""``valid_until_ms`` of a profile that does not end. Source: Apache Airavata 0.21, ``UserProfileServiceHandler``."""


class Users:
    """Who is known to a gateway.

    A user is known as soon as they have a profile, or own or share something.
    Everybody of a gateway sees its users, to share with them; what they
    answered about themselves only they and administrators. A profile is
    changed by its user and by administrators. Another gateway, and an unknown
    user, raise ``NotFoundError``.
    """

    def __init__(self, *, records: RecordStore, clock: Clock) -> None:
        self._records = records
        self._clock = clock

    def exists(self, caller: Caller, gateway_id: str, user_name: str) -> bool:
        """Whether a user is known to the gateway."""
        require_gateway(caller, gateway_id)
        key = SharingUser.key_of(gateway_id, principals.principal_named(user_name, gateway_id))
        with self._records.reading() as records:
            return records.get(SharingUser, key) is not None

    def names(self, caller: Caller, gateway_id: str) -> tuple[str, ...]:
        """The names of all users that are known to the gateway."""
        require_gateway(caller, gateway_id)
        with self._records.reading() as records:
            users = records.find(SharingUser, Query(equal={"domain_id": gateway_id}), order_by="user_id")
        return tuple(principals.user_named(each.user_id or "", gateway_id) for each in users)

    # -- profiles -------------------------------------------------------------------
    def initialize_profile(self, caller: Caller) -> str:
        """Make the caller known to their gateway, with a profile as far as it is known; their name."""
        now_ms = self._clock() // 1000
        with self._records.transaction() as records:
            if records.get(UserProfile, UserProfile.key_of(caller.gateway, caller.user)) is None:
                profile = UserProfile(
                    user_id=given(caller.user, "userName"),
                    gateway_id=caller.gateway,
                    emails=(),
                    first_name="",
                    last_name="",
                    created_at_ms=now_ms,
                    last_access_at_ms=now_ms,
                    valid_until_ms=NEVER_MS,
                    state=UserStatus.ACTIVE,
                )
                self._store(records, profile, now_ms)
        return caller.user

    def add(self, caller: Caller, user_profile: UserProfile) -> str:
        """Store the profile of a new user; the user's name. Raises ``ConflictError`` for one who has a profile."""
        return self._add(caller, user_profile, only_new=True)

    def add_profile(self, caller: Caller, user_profile: UserProfile) -> str:
        """Store a profile, in place of one that there is; the user's name."""
        return self._add(caller, user_profile, only_new=False)

    def _add(self, caller: Caller, user_profile: UserProfile, *, only_new: bool) -> str:
        gateway_id, user = given(user_profile.gateway_id, "gatewayId"), given(user_profile.user_id, "userId")
        require_existing_gateway(self._records, caller, gateway_id)
        require_user(caller, user, "make a profile for another user")
        now_ms = self._clock() // 1000
        with self._records.transaction() as records:
            if only_new and records.get(UserProfile, UserProfile.key_of(gateway_id, user)) is not None:
                raise ConflictError(
                    f"Gateway '{gateway_id}' has a user '{user}' already.", remedy="Update the profile instead."
                )
            self._store(records, replace(user_profile, created_at_ms=user_profile.created_at_ms or now_ms), now_ms)
        return user

    def update_profile(self, caller: Caller, user_profile: UserProfile) -> bool:
        """Change what is set."""
        require_gateway(caller, user_profile.gateway_id)
        require_user(caller, user_profile.user_id, "change another user's profile")
        now_ms = self._clock() // 1000
        with self._records.transaction() as records:
            old = self._profile(records, user_profile.gateway_id, user_profile.user_id)
            state = user_profile.state if caller.is_admin else old.state
            self._store(records, updated(old, user_profile, created_at_ms=old.created_at_ms, state=state), now_ms)
        return True

    def profile(self, caller: Caller, user_id: str, gateway_id: str) -> UserProfile:
        """A user's profile."""
        require_gateway(caller, gateway_id)
        with self._records.reading() as records:
            return _seen_by(caller, self._profile(records, gateway_id, user_id))

    def delete_profile(self, caller: Caller, user_id: str, gateway_id: str) -> bool:
        """Forget a profile. What the user owns, and what is shared with them, stays."""
        require_gateway(caller, gateway_id)
        require_admin(caller, "delete profiles")
        with self._records.transaction() as records:
            profile = self._profile(records, gateway_id, user_id)
            return records.delete(UserProfile, profile.key)

    def delete_profile_anywhere(self, caller: Caller, user_id: str) -> bool:
        """As ``delete_profile``, of ``name@gateway``, or of a name that only one gateway knows.

        Raises ``ConflictError`` for a name that several know.
        """
        require_internal(caller, "delete profiles")
        name, _, gateway_id = given(user_id, "userId").rpartition("@")
        with self._records.transaction() as records:
            whole = records.get(UserProfile, UserProfile.key_of(gateway_id, name))
            profiles = [whole] if whole is not None else records.find(UserProfile, Query(equal={"user_id": user_id}))
            if len(profiles) > 1:
                raise ConflictError(
                    f"{len(profiles)} gateways have a user '{user_id}'.", remedy=f"Say '{user_id}@' and the gateway."
                )
            profile = found(next(iter(profiles), None), f"user '{user_id}'")
            return records.delete(UserProfile, profile.key)

    def profiles(self, caller: Caller, gateway_id: str, offset: int, limit: int) -> tuple[UserProfile, ...]:
        """A page of the gateway's profiles, by name."""
        require_gateway(caller, gateway_id)
        most, begin = page(limit, offset)
        with self._records.reading() as records:
            which = Query(equal={"gateway_id": gateway_id})
            profiles = records.find(UserProfile, which, order_by="user_id", limit=most, offset=begin)
        return tuple(_seen_by(caller, each) for each in profiles)

    def has_profile(self, caller: Caller, user_id: str, gateway_id: str) -> bool:
        """Whether a user has a profile."""
        require_gateway(caller, gateway_id)
        with self._records.reading() as records:
            return records.get(UserProfile, UserProfile.key_of(gateway_id, user_id)) is not None

    # -- the parts of it ----------------------------------------------------------------------
    def _store(self, records: Records, profile: UserProfile, now_ms: int) -> None:
        """Store a profile, and the user whom others share with, by the same names."""
        principal = principals.principal_of(profile.user_id, profile.gateway_id)
        records.put(replace(profile, airavata_internal_user_id=principal))
        principals.ensure_user(records, profile.gateway_id, principal, now_ms)
        user = found(
            records.get(SharingUser, SharingUser.key_of(profile.gateway_id, principal)), f"user '{profile.user_id}'"
        )
        records.put(
            replace(
                user,
                first_name=profile.first_name,
                last_name=profile.last_name,
                email=profile.emails[0] if profile.emails else None,
                updated_at_ms=now_ms,
            )
        )

    @staticmethod
    def _profile(records: Records, gateway_id: str, user_id: str) -> UserProfile:
        user = principals.user_named(given(user_id, "userId"), gateway_id)
        return found(records.get(UserProfile, UserProfile.key_of(gateway_id, user)), f"user '{user_id}'")


def _seen_by(caller: Caller, profile: UserProfile) -> UserProfile:
    if caller.user == profile.user_id or caller.sees_everything:
        return profile
    return replace(profile, nsf_demographics=None, custom_dashboard=None, comments=None)
