"""Experiments as portals make, change, launch and end them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from airavata_workload.api.access.permission import (
    missing,
    require_admin,
    require_gateway,
    require_user,
    require_writer,
)
from airavata_workload.api.experiments import recorded_processes
from airavata_workload.api.experiments.experiment_products import as_asked_for
from airavata_workload.api.experiments.experiment_request import completed_inputs, completed_outputs, is_same_request
from airavata_workload.api.experiments.experiment_tree import status_id
from airavata_workload.api.experiments.launching import Launching
from airavata_workload.api.experiments.projects import Projects
from airavata_workload.api.request_check import given
from airavata_workload.api.sharing.sharing import READ, WRITE, Sharing
from airavata_workload.api.workload import Workload
from airavata_workload.domain import identifiers
from airavata_workload.domain.caller import Caller
from airavata_workload.domain.clock import Clock
from airavata_workload.domain.errors import ConflictError, InputError, WorkloadError
from airavata_workload.domain.experiment import Experiment, Standing
from airavata_workload.domain.states import EXPERIMENT_ENDS, ExperimentState
from airavata_workload.domain.thing import Thing, ThingKind
from airavata_workload.ports.record_store import RecordStore
from airavata_workload.records.applications import ApplicationInterface
from airavata_workload.records.experiments import ExperimentType, GatewayExperiment, UserConfigurationData
from airavata_workload.records.groups import ResourcePermissionType, ResourceType
from airavata_workload.records.projects import Project
from airavata_workload.records.scheduling import ComputationalResourceScheduling
from airavata_workload.records.statuses import ExperimentStatus

Launched = Experiment | Standing | None
"""An experiment as the engine has it; ``None`` before its launch."""
_NOT_STARTED = (ExperimentState.CREATED, ExperimentState.VALIDATED)
_CREATED = "created"
_READINGS = 5
"""So often a launch reads a record anew that somebody else has changed meanwhile: people change it seldom."""
NOT_CANCELLED = (*EXPERIMENT_ENDS, ExperimentState.CANCELING)
"""In these states there is nothing left to cancel."""


class Experiments:
    """The life of an experiment, from its creation to its end.

    The record of an experiment is what was asked for, and the states that it
    was seen in; the engine knows of it from its launch on. Methods raise
    ``NotFoundError`` for an experiment that the caller's gateway does not
    have, ``DeniedError`` for one that is not shared with them, ``InputError``
    and ``ConflictError`` for a request that cannot be carried out.
    """

    def __init__(
        self,
        *,
        records: RecordStore,
        sharing: Sharing,
        projects: Projects,
        launching: Launching,
        workload: Workload,
        clock: Clock,
    ) -> None:
        self._records = records
        self._sharing = sharing
        self._projects = projects
        self._launching = launching
        self._workload = workload
        self._clock = clock

    # -- making and changing -------------------------------------------------------------
    def create(self, caller: Caller, gateway_id: str, experiment: GatewayExperiment) -> str:
        """Store a new experiment, in state CREATED; returns its id.

        Inputs and outputs that the client leaves out are those that the application declares.
        """
        require_gateway(caller, gateway_id)
        if experiment.experiment_type is not ExperimentType.SINGLE_APPLICATION:
            raise InputError(
                "An experiment of type WORKFLOW cannot be made with this call.",
                remedy="Make one experiment an application; the workflow calls keep workflows.",
            )
        owner = experiment.user_name or caller.user
        require_user(caller, owner, "make an experiment for another user")
        name = given(experiment.experiment_name, "The experiment's name")
        project_id = given(experiment.project_id, "The experiment's project")
        request = replace(experiment, experiment_name=name, user_name=owner, gateway_id=gateway_id)
        with self._records.reading() as records:
            records.expect((Project, project_id), (ApplicationInterface, request.execution_id or ""))
            self._projects.require_room(caller, project_id, gateway_id)
            completed = self._completed(request)
        return self._store(caller, completed)

    def _store(self, caller: Caller, request: GatewayExperiment) -> str:
        now_us = self._clock()
        experiment_id = identifiers.experiment_id(request.experiment_name)
        created = ExperimentStatus(
            state=ExperimentState.CREATED,
            changed_at_ms=now_us // 1000,
            reason=_CREATED,
            status_id=status_id("EXPERIMENT_STATE", experiment_id, ExperimentState.CREATED, now_us),
        )
        stored = replace(
            request,
            experiment_id=experiment_id,
            created_at_ms=now_us // 1000,
            experiment_status=(created,),
            errors=None,
            processes=None,
            workflow=None,
        )
        with self._records.transaction() as records:
            records.add(stored)
            self._sharing.register_entity(
                caller,
                experiment_id,
                ResourceType.EXPERIMENT,
                stored.experiment_name,
                stored.description or "",
                owner=stored.user_name,
                gateway_id=stored.gateway_id,
                parent_id=stored.project_id,
                within=records,
            )
        return experiment_id

    def _completed(self, request: GatewayExperiment) -> GatewayExperiment:
        """The request with what its application declares. Raises ``InputError`` for an unknown application."""
        if not request.execution_id:
            return request
        with self._records.reading() as records:
            interface = records.get(ApplicationInterface, request.execution_id)
        if interface is None or interface.gateway_id != request.gateway_id:
            raise InputError(
                f"There is no application interface '{request.execution_id}' in gateway '{request.gateway_id}'.",
                remedy="Set executionId to the id of a registered application interface.",
            )
        return replace(
            request,
            experiment_inputs=completed_inputs(interface.application_inputs or (), request.experiment_inputs or ()),
            experiment_outputs=completed_outputs(
                interface.application_outputs or (), request.experiment_outputs or (), interface.application_name
            ),
        )

    def update(self, caller: Caller, experiment_id: str, experiment: GatewayExperiment) -> None:
        """Replace what is asked for, before the launch. Id, owner, gateway and states stay."""

        def changed(old: GatewayExperiment) -> GatewayExperiment:
            if experiment.project_id and experiment.project_id != old.project_id:
                self._projects.require_room(caller, experiment.project_id, old.gateway_id)
            return self._completed(
                replace(
                    experiment,
                    experiment_id=old.experiment_id,
                    experiment_type=old.experiment_type,
                    project_id=experiment.project_id or old.project_id,
                    gateway_id=old.gateway_id,
                    user_name=old.user_name,
                    experiment_name=given(experiment.experiment_name, "The experiment's name"),
                    created_at_ms=old.created_at_ms,
                    experiment_status=old.experiment_status,
                    errors=old.errors,
                    processes=None,
                    workflow=None,
                )
            )

        self._change(caller, experiment_id, changed)

    def update_configuration(self, caller: Caller, experiment_id: str, configuration: UserConfigurationData) -> None:
        """Replace how and where it is to run, before the launch."""
        self._change(caller, experiment_id, lambda old: replace(old, user_configuration_data=configuration))

    def update_scheduling(
        self, caller: Caller, experiment_id: str, scheduling: ComputationalResourceScheduling
    ) -> None:
        """Replace where it is to run and what it asks for, before the launch."""

        def changed(old: GatewayExperiment) -> GatewayExperiment:
            configuration = old.user_configuration_data or UserConfigurationData()
            return replace(
                old, user_configuration_data=replace(configuration, computational_resource_scheduling=scheduling)
            )

        self._change(caller, experiment_id, changed)

    def _change(
        self, caller: Caller, experiment_id: str, change: Callable[[GatewayExperiment], GatewayExperiment]
    ) -> None:
        # What is read in the block stays as it is until its end: of two changes at once none is lost.
        with self._records.transaction() as records:
            old = self.stored(caller, experiment_id, WRITE)
            _require_not_launched(old, self.standing(experiment_id), "changed")
            new = change(old)
            records.put(new)
            self._sharing.update_entity(
                caller,
                experiment_id,
                name=new.experiment_name,
                description=new.description or "",
                parent_id=new.project_id if new.project_id != old.project_id else None,
                gateway_id=old.gateway_id,
            )

    def delete(self, caller: Caller, experiment_id: str) -> bool:
        """Remove an experiment that was never launched: of others there is something to keep."""
        with self._records.transaction() as records:
            old = self.stored(caller, experiment_id, WRITE)
            require_user(caller, old.user_name, "delete another user's experiment")
            _require_not_launched(old, self.standing(experiment_id), "deleted")
            recorded_processes.forget(records, experiment_id)
            self._sharing.delete_entity(caller, experiment_id, gateway_id=old.gateway_id)
            return records.delete(GatewayExperiment, experiment_id)

    def clone(
        self,
        caller: Caller,
        experiment_id: str,
        name: str | None = None,
        project_id: str | None = None,
    ) -> str:
        """A new experiment of the caller that asks for the same; returns its id."""
        require_writer(caller)
        with self._records.reading():
            old = self.stored(caller, experiment_id, READ)
            project = project_id or old.project_id
            self._projects.require_room(caller, project, old.gateway_id)
            clone = self._completed(
                replace(
                    old,
                    experiment_name=(name or "").strip() or f"Clone of {old.experiment_name}",
                    project_id=project,
                    user_name=caller.user,
                    experiment_outputs=tuple(map(as_asked_for, old.experiment_outputs or ())),
                )
            )
        return self._store(caller, clone)

    def clone_by_admin(
        self,
        caller: Caller,
        experiment_id: str,
        name: str | None = None,
        project_id: str | None = None,
    ) -> str:
        """The same of anybody's experiment, for administrators."""
        require_admin(caller, "clone the experiment of another user")
        return self.clone(caller, experiment_id, name, project_id)

    # -- running ------------------------------------------------------------------------------
    def validate(self, caller: Caller, experiment_id: str) -> bool:
        """True if it could be launched. Raises ``InputError`` that says what is wrong with it."""
        self._launching.prepared(caller, self.stored(caller, experiment_id, WRITE))
        return True

    def launch(self, caller: Caller, experiment_id: str, gateway_id: str) -> None:
        """Hand the experiment to the engine.

        A request that cannot work is refused here, with the reason, and can be corrected and launched again. So can
        one whose launch was cut off, by the loss of a server or of this one, before the engine could hear of it.
        What runs is what the record says, whoever changes it at the same moment: a change comes before, or is refused.
        """
        require_gateway(caller, gateway_id)
        for _ in range(_READINGS):
            if self._launch_as_read(caller, experiment_id):
                return
        raise ConflictError(
            f"Experiment '{experiment_id}' is being changed again and again, so it was not launched.",
            remedy="Launch it when nobody changes it any more.",
        )

    def _launch_as_read(self, caller: Caller, experiment_id: str) -> bool:
        """Launch what is read here; false, and nothing done, if the record is another one by then."""
        with self._records.reading():
            experiment = self.stored(caller, experiment_id, WRITE)
            if experiment.state not in _NOT_STARTED:
                _require_not_begun(experiment, self.standing(experiment.experiment_id))
            try:
                prepared = self._launching.prepared(caller, experiment)
            except WorkloadError:
                # Of what runs it matters more that it does than what is wrong with it by now.
                _require_not_begun(experiment, self.standing(experiment.experiment_id))
                raise
        # Whoever wants to change the record waits for this block, and then finds that the engine has the experiment.
        with self._records.transaction() as records:
            if records.get(GatewayExperiment, experiment.experiment_id) != experiment:
                return False
            launched = None if self._workload.enter(prepared) else self.launched(prepared.experiment_id)
            _require_not_begun(experiment, launched)
            if launched is not None and not is_same_request(launched, prepared):
                raise _entered_otherwise(experiment)
        # Not before the end of the block, which fails if the record could have been changed in spite of it.
        self._workload.launch([prepared.experiment_id])
        return True

    def terminate(self, caller: Caller, experiment_id: str, gateway_id: str) -> None:
        """Cancel the experiment. What has ended, or is being cancelled, stays as it is."""
        require_gateway(caller, gateway_id)
        experiment = self.stored(caller, experiment_id, WRITE)
        launched = self.standing(experiment_id)
        if present_state(experiment, launched) in NOT_CANCELLED:
            return
        if launched is None:
            raise _nothing_to_cancel(experiment)
        with suppress(ConflictError):  # it has ended since we looked
            self._workload.cancel(experiment_id, f"asked by {caller.user}" if caller.user else "")

    # -- for the other topics --------------------------------------------------------------------
    def stored(self, caller: Caller, experiment_id: str, permission: ResourcePermissionType) -> GatewayExperiment:
        """The record, for a caller who holds the permission."""
        what = Thing(ThingKind.EXPERIMENT, experiment_id)
        with self._records.reading() as records:
            experiment = records.get(GatewayExperiment, given(experiment_id, "The experiment's id"))
        if experiment is None:
            raise missing(what)
        require_gateway(caller, experiment.gateway_id, what)
        if permission is not READ:
            require_writer(caller, f"change {what}")
        if experiment.user_name != caller.user:
            self._sharing.require(caller, experiment_id, permission, what)
        return experiment

    def launched(self, experiment_id: str) -> Experiment | None:
        """The engine's experiment; ``None`` before its launch."""
        return self._workload.several([experiment_id]).get(experiment_id)

    def standing(self, experiment_id: str) -> Standing | None:
        """How the engine's experiment stands; ``None`` before its launch."""
        return self._workload.standings([experiment_id]).get(experiment_id)


def present_state(experiment: GatewayExperiment, launched: Launched) -> ExperimentState:
    """What the engine says, once it has the experiment; what was recorded of one that it has not."""
    return experiment.state if launched is None else launched.state


def _require_not_begun(experiment: GatewayExperiment, launched: Launched) -> None:
    """Of what was cut off before the engine could begin the launch is repeated."""
    if launched is None or launched.state is not ExperimentState.CREATED:
        _require_not_launched(experiment, launched, "launched again")


def _require_not_launched(
    experiment: GatewayExperiment, launched: Experiment | Standing | None, participle: str
) -> None:
    state = present_state(experiment, launched)
    if launched is not None or state not in _NOT_STARTED:
        raise ConflictError(
            f"Experiment '{experiment.experiment_id}' was launched already ({state}) and cannot be {participle}.",
            remedy="Clone it, and change or launch the clone.",
        )


def _entered_otherwise(experiment: GatewayExperiment) -> ConflictError:
    return ConflictError(
        f"A launch of experiment '{experiment.experiment_id}' was cut off, and it, its application or the profiles "
        "have been changed since.",
        remedy="Clone it, and launch the clone.",
    )


def _nothing_to_cancel(experiment: GatewayExperiment) -> ConflictError:
    if experiment.state in _NOT_STARTED:
        return ConflictError(
            f"Experiment '{experiment.experiment_id}' was not launched, so there is nothing to cancel.",
            remedy="deleteExperiment removes it.",
        )
    return ConflictError(
        f"Experiment '{experiment.experiment_id}' is run by another engine of the installation.",
        remedy="Cancel it there.",
    )
