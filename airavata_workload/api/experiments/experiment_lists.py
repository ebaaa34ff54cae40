"""Lists of experiments: search, a user's, a project's, statistics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from airavata_workload.api.access.permission import missing, require_gateway, require_internal
from airavata_workload.api.access.viewpoint import eyes_of
from airavata_workload.api.experiments.present_states import in_present_state
from airavata_workload.api.experiments.projects import Projects
from airavata_workload.api.request_check import page
from airavata_workload.api.sharing.sharing import READ, Sharing
from airavata_workload.domain.caller import Caller
from airavata_workload.domain.errors import InputError
from airavata_workload.domain.states import ExperimentState
from airavata_workload.domain.thing import Thing, ThingKind
from airavata_workload.ports.record_store import Among, Query, RecordStore
from airavata_workload.records.experiments import (
    ExperimentSearchFields,
    ExperimentStatistics,
    ExperimentSummary,
    GatewayExperiment,
)
from airavata_workload.records.jobs import GatewayJob
from airavata_workload.records.record import latest

_Field = ExperimentSearchFields
_CONTAINS: Mapping[ExperimentSearchFields, str] = {
    _Field.EXPERIMENT_NAME: "experiment_name",
    _Field.EXPERIMENT_DESC: "description",
}
_EQUAL: Mapping[ExperimentSearchFields, str] = {
    _Field.APPLICATION_ID: "execution_id",
    _Field.PROJECT_ID: "project_id",
    _Field.USER_NAME: "user_name",
}
_NOT_IN_A_SUMMARY = ("experiment_inputs", "experiment_outputs", "errors")
"""The most of what is stored of an experiment."""
_State = ExperimentState
_COMPLETED = (_State.COMPLETED,)
_FAILED = (_State.FAILED,)
_CANCELLED = (_State.CANCELING, _State.CANCELED)
_CREATED = (_State.CREATED, _State.VALIDATED)
_RUNNING = (_State.SCHEDULED, _State.LAUNCHED, _State.EXECUTING)
"""Which states a count of the statistics is about. Source: Airavata 0.21, the registry's experiment statistics."""


class ExperimentLists:
    """Finds experiments; every list is ordered with the newest first and cut by the database."""

    def __init__(self, *, records: RecordStore, sharing: Sharing, projects: Projects) -> None:
        self._records = records
        self._sharing = sharing
        self._projects = projects

    def search(
        self,
        caller: Caller,
        gateway_id: str,
        user_name: str,
        filters: Mapping[ExperimentSearchFields, str] | None = None,
        limit: int = -1,
        offset: int = 0,
    ) -> tuple[ExperimentSummary, ...]:
        """The user's experiments, and those shared with them, that fit all filters."""
        eyes = eyes_of(caller, gateway_id, user_name)
        with self._records.reading():
            which = self._filtered(Query(equal={"gateway_id": gateway_id}, among=self._among(eyes)), filters or {})
            return self._summaries(which, limit, offset)

    def search_among(
        self,
        caller: Caller,
        gateway_id: str,
        user_name: str,
        experiment_ids: Sequence[str],
        filters: Mapping[ExperimentSearchFields, str] | None = None,
        limit: int = -1,
        offset: int = 0,
    ) -> tuple[ExperimentSummary, ...]:
        """The same for an internal peer, who says which experiments the user may see; by default those of the user."""
        require_internal(caller, "search for others")
        own = {"experiment_id": tuple(experiment_ids)} if experiment_ids else {"user_name": user_name}
        with self._records.reading():
            which = self._filtered(Query(equal={"gateway_id": gateway_id, **own}), filters or {})
            return self._summaries(which, limit, offset)

    def of_user(
        self, caller: Caller, gateway_id: str, user_name: str, limit: int = -1, offset: int = 0
    ) -> tuple[GatewayExperiment, ...]:
        """The experiments that the user has made."""
        eyes_of(caller, gateway_id, user_name)
        found = self._found(Query(equal={"gateway_id": gateway_id, "user_name": user_name}), limit, offset)
        return tuple(map(in_present_state, found))

    def in_project(
        self, caller: Caller, project_id: str, limit: int = -1, offset: int = 0
    ) -> tuple[GatewayExperiment, ...]:
        """The project's experiments that the caller may see."""
        project = self._projects.get(caller, project_id)
        which = Query(equal={"gateway_id": project.gateway_id, "project_id": project_id}, among=self._among(caller))
        return tuple(map(in_present_state, self._found(which, limit, offset)))

    def in_project_of_gateway(
        self, caller: Caller, gateway_id: str | None, project_id: str, limit: int = -1, offset: int = 0
    ) -> tuple[GatewayExperiment, ...]:
        """The same for an internal peer, who names the gateway as well; peers of 0.17 do not."""
        if gateway_id and self._projects.get(caller, project_id).gateway_id != gateway_id:
            raise missing(Thing(ThingKind.PROJECT, project_id))
        return self.in_project(caller, project_id, limit, offset)

    def statistics(  # noqa: PLR0917 - the arguments of the Thrift method, in its order
        self,
        caller: Caller,
        gateway_id: str,
        from_time_ms: int,
        to_time_ms: int,
        user_name: str | None = None,
        application_name: str | None = None,
        resource_host_name: str | None = None,
        limit: int | None = None,
        offset: int | None = None,
    ) -> ExperimentStatistics:
        """How many experiments of a time came to what. ``application_name`` and the host are ids.

        An administrator sees those of the whole gateway, everybody else what they may see.
        """
        require_gateway(caller, gateway_id)
        which = _about(gateway_id, (from_time_ms, to_time_ms), user_name, application_name, resource_host_name)
        return self._counted(replace(which, among=self._among(caller)), limit, offset)

    def statistics_among(  # noqa: PLR0917 - the arguments of the Thrift method, in its order
        self,
        caller: Caller,
        gateway_id: str,
        from_time_ms: int,
        to_time_ms: int,
        user_name: str | None = None,
        application_name: str | None = None,
        resource_host_name: str | None = None,
        experiment_ids: tuple[str, ...] | None = None,
        limit: int | None = None,
        offset: int | None = None,
    ) -> ExperimentStatistics:
        """The same for an internal peer, who says which experiments count; who does not say means all of the gateway.

        Source: Airavata 0.21: the API names none for administrators, and for everybody else what they may see.
        """
        require_internal(caller, "count for others")
        which = _about(gateway_id, (from_time_ms, to_time_ms), user_name, application_name, resource_host_name)
        own = {} if experiment_ids is None else {"experiment_id": experiment_ids}
        return self._counted(replace(which, equal={**which.equal, **own}), limit, offset)

    def _counted(self, which: Query, limit: int | None, offset: int | None) -> ExperimentStatistics:
        with self._records.reading() as records:
            totals = records.count_by(GatewayExperiment, "state", which)

            def total(*states: ExperimentState) -> int:
                return sum(totals.get(str(state), 0) for state in states)

            def listed(*states: ExperimentState) -> tuple[ExperimentSummary, ...]:
                some = replace(which, equal={**which.equal, "state": tuple(map(str, states))})
                return self._summaries(some, limit or -1, offset or 0)

            return ExperimentStatistics(
                all_experiment_count=sum(totals.values()),
                completed_experiment_count=total(*_COMPLETED),
                failed_experiment_count=total(*_FAILED),
                cancelled_experiment_count=total(*_CANCELLED),
                created_experiment_count=total(*_CREATED),
                running_experiment_count=total(*_RUNNING),
                all_experiments=listed(*ExperimentState),
                completed_experiments=listed(*_COMPLETED),
                failed_experiments=listed(*_FAILED),
                cancelled_experiments=listed(*_CANCELLED),
                created_experiments=listed(*_CREATED),
                running_experiments=listed(*_RUNNING),
            )

    def _filtered(self, which: Query, filters: Mapping[ExperimentSearchFields, str]) -> Query:
        equal, contains = dict(which.equal), dict(which.contains)
        for field, text in filters.items():
            if field in _CONTAINS:
                contains[_CONTAINS[field]] = text
            elif field is _Field.STATUS:
                equal["state"] = _state(text)
            elif field in _EQUAL:
                equal[_EQUAL[field]] = text
        if _Field.JOB_ID in filters:
            jobs = Query(equal={"job_id": filters[_Field.JOB_ID]})
            with self._records.reading() as records:
                named = {job.experiment_id for job in records.find(GatewayJob, jobs)}
            allowed = equal.get("experiment_id")
            equal["experiment_id"] = tuple(sorted(named & set(allowed) if isinstance(allowed, tuple) else named))
        begin, end = filters.get(_Field.FROM_DATE), filters.get(_Field.TO_DATE)
        between = {"created_at_ms": (_instant_ms(begin), _instant_ms(end))} if begin or end else {}
        return Query(equal=equal, contains=contains, between=between, among=which.among)

    def _among(self, eyes: Caller) -> Mapping[str, Among]:
        visible = self._sharing.visible(eyes, READ)
        return {} if visible is None else {"experiment_id": visible}

    def _summaries(self, which: Query, limit: int, offset: int) -> tuple[ExperimentSummary, ...]:
        return tuple(map(summary, self._found(which, limit, offset, without=_NOT_IN_A_SUMMARY)))

    def _found(
        self, which: Query, limit: int, offset: int, *, without: Sequence[str] = ()
    ) -> Sequence[GatewayExperiment]:
        count, start = page(limit, offset)
        with self._records.reading() as records:
            return records.find(
                GatewayExperiment,
                which,
                order_by="created_at_ms",
                descending=True,
                limit=count,
                offset=start,
                without=without,
            )


def _about(
    gateway_id: str,
    period_ms: tuple[int, int],
    user_name: str | None,
    application_name: str | None,
    resource_host_name: str | None,
) -> Query:
    about = {"user_name": user_name, "execution_id": application_name, "compute_resource_id": resource_host_name}
    return Query(
        equal={"gateway_id": gateway_id, **{column: value for column, value in about.items() if value}},
        between={"created_at_ms": period_ms},
    )


def summary(experiment: GatewayExperiment) -> ExperimentSummary:
    """The experiment as a line of a list."""
    status = latest(experiment.experiment_status)
    return ExperimentSummary(
        experiment_id=experiment.experiment_id,
        project_id=experiment.project_id,
        gateway_id=experiment.gateway_id,
        created_at_ms=experiment.created_at_ms,
        user_name=experiment.user_name,
        name=experiment.experiment_name,
        description=experiment.description,
        execution_id=experiment.execution_id,
        resource_host_id=experiment.compute_resource_id,
        experiment_status=str(experiment.state),
        status_updated_at_ms=status.changed_at_ms if status else None,
    )


def _state(text: str) -> str:
    try:
        return str(ExperimentState(text.strip().upper()))
    except ValueError as error:
        raise InputError(f"The filter STATUS is {text!r}: {error}", remedy="Give the name of a state.") from None


def _instant_ms(text: str | None) -> int | None:
    if not text:
        return None
    try:
        return int(text)
    except ValueError:
        raise InputError(
            f"The filter of dates is {text!r}.", remedy="Give milliseconds since 1970, for example 1760000000000."
        ) from None
