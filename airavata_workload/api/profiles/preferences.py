"""Whose word counts on a compute resource: user, experiment, group or gateway. Pure.

Source: Apache Airavata 0.17, GFAC's ``ProcessContext``: the order of who is
asked for each value; since 0.19 a group resource profile takes the place of
the gateway's. ``user`` counts only for an experiment that works as its user
(``useUserCRPref``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from airavata_workload.domain.job import ResourceRequest
from airavata_workload.records.compute_resources import BatchQueue
from airavata_workload.records.gateway_profiles import ComputeResourcePreference
from airavata_workload.records.group_profiles import GroupComputeResourcePreference
from airavata_workload.records.user_profiles import UserComputeResourcePreference

Preference = ComputeResourcePreference | GroupComputeResourcePreference | UserComputeResourcePreference


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """What the profiles say of one compute resource.

    ``own`` is the preference of the group or gateway, ``own_token`` the token
    of its profile; ``as_user`` that the user's are asked first.
    """

    own: ComputeResourcePreference | GroupComputeResourcePreference
    own_token: str | None = None
    as_user: bool = False
    user: UserComputeResourcePreference | None = None
    user_token: str | None = None

    def login(self, override: str = "") -> str:
        """The login name: the user's, the experiment's, that of group or gateway."""
        return _first((*self._users("login_user_name"), override, self.own.login_user_name))

    def scratch(self, override: str = "") -> str:
        """The scratch directory, in the same order."""
        return _first((*self._users("scratch_location"), override, self.own.scratch_location))

    def token(self) -> str:
        """The credential: for one who works as themselves only the user's own."""
        if self.as_user:
            return _first((*self._users("resource_specific_credential_store_token"), self.user_token))
        return _first((self.own.resource_specific_credential_store_token, self.own_token))

    def queue(self, queues: Iterable[BatchQueue] = ()) -> str:
        """The queue of experiments that name none; in the end the one that the resource marks as its default."""
        marked = next((queue.queue_name for queue in queues if queue.is_default_queue), "")
        return _first((*self._users("preferred_batch_queue"), self.own.preferred_batch_queue, marked))

    def allocation(self) -> str:
        """The allocation of experiments that name none."""
        return _first((*self._users("allocation_project_number"), self.own.allocation_project_number))

    def quality_of_service(self, queue: str) -> str:
        """The quality of service in a queue: of ``queue=qos`` pairs, joined by commas, or one word for all queues."""
        text = _first((*self._users("quality_of_service"), self.own.quality_of_service))
        for_all = ""
        for part in filter(None, (each.strip() for each in text.split(","))):
            name, equals, value = part.partition("=")
            if equals and name.strip() == queue:
                return value.strip()
            for_all = for_all or ("" if equals else part)
        return for_all

    def reservation(self, queue: str, now_ms: int) -> str:
        """The reservation that holds now: one of the group's for the queue, or that of the first who has one."""
        for each in (self.own.reservations if isinstance(self.own, GroupComputeResourcePreference) else None) or ():
            if each.starts_at_ms <= now_ms < each.ends_at_ms and (not each.queue_names or queue in each.queue_names):
                return each.reservation_name
        for preference in self._asked():
            if preference.reservation:
                starts, ends = preference.reservation_starts_at_ms, preference.reservation_ends_at_ms
                holds = (not starts or starts <= now_ms) and (not ends or now_ms < ends)
                return preference.reservation if holds else ""
        return ""

    def completed(self, request: ResourceRequest, queues: Iterable[BatchQueue], now_ms: int) -> ResourceRequest:
        """The request with what it leaves open filled in."""
        queue = request.queue or self.queue(queues)
        return replace(
            request,
            queue=queue or None,
            allocation=request.allocation or self.allocation() or None,
            quality_of_service=request.quality_of_service or self.quality_of_service(queue) or None,
            reservation=request.reservation or self.reservation(queue, now_ms) or None,
        )

    def _asked(self) -> tuple[Preference, ...]:
        return (self.user, self.own) if self.as_user and self.user is not None else (self.own,)

    def _users(self, field: str) -> tuple[str | None, ...]:
        return (getattr(self.user, field),) if self.as_user and self.user is not None else ()


def _first(values: Iterable[str | None]) -> str:
    return next((value.strip() for value in values if value and value.strip()), "")
