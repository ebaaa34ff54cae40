"""Runs a plugin and turns whatever it returns or raises into an outcome message."""

from __future__ import annotations

from typing import Any

import structlog
from pydantic import ValidationError

from airavata_workload.domain.clock import Clock
from airavata_workload.domain.errors import (
    CommandTimeoutError,
    DiskFullError,
    ParameterError,
    PluginError,
    StoreUnavailableError,
    TaskCancelled,
    UnavailableError,
    WorkloadError,
)
from airavata_workload.domain.message import OutcomeMessage, TaskAction, TaskMessage, Verdict
from airavata_workload.domain.outcome import Completed, Failed, Parked
from airavata_workload.domain.states import ProcessState
from airavata_workload.plugins import catalogue
from airavata_workload.ports.task_plugin import Parameters, TaskPlugin
from airavata_workload.worker.result_check import checked
from airavata_workload.worker.run import WorkerRun

log = structlog.get_logger("airavata_workload.worker")

UNAVAILABLE_DELAY_S = 2.0


def plugin_of(kind: str) -> TaskPlugin[Any]:
    """The plugin of a kind. Raises ``NotFoundError`` or ``PluginError``."""
    plugin: TaskPlugin[Any] = catalogue("tasks").load(kind)()
    return plugin


def process_state_of(kind: str) -> ProcessState | None:
    """What the process is doing while a task of the kind runs; ``None`` if its plugin cannot be had or does not say."""
    try:
        state = catalogue("tasks").load(kind).process_state
    except (WorkloadError, AttributeError):
        return None
    return state if isinstance(state, ProcessState) else None


def parameters_of(plugin: TaskPlugin[Any], message: TaskMessage) -> Parameters:
    """The task's parameters in the plugin's model. Raises ``ParameterError`` that names each wrong one."""
    try:
        return plugin.parameters_model.model_validate(message.parameters)
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(str(part) for part in fault['loc']) or 'parameters'}: {fault['msg']}"
            for fault in error.errors(include_url=False, include_input=False)
        )
        raise ParameterError(f"Task {message.name} ({message.kind}) has wrong parameters: {faults}.") from None


class Performance:
    """Performs messages for one worker, known to others as ``by``."""

    def __init__(self, by: str, clock: Clock) -> None:
        self._by = by
        self._clock = clock

    def perform(self, plugin: TaskPlugin[Any], run: WorkerRun, message: TaskMessage) -> OutcomeMessage:
        """Run the plugin. Never raises: nothing that a plugin does stops the worker."""
        try:
            if message.action is TaskAction.CANCEL:
                plugin.cancel(run)
                return self.outcome(message, Verdict.COMPLETED)
            run.check_cancelled()
            result = plugin.recover(run) if message.resumed else plugin.execute(run)
            return self._of_result(message, result)
        except TaskCancelled as error:
            return self.outcome(message, Verdict.CANCELED, reason=str(error))
        except DiskFullError as error:
            if run.scratch_is_full():
                full = StoreUnavailableError(f"The worker's own disk is full: {error}", remedy="Make room there.")
                return self.of_error(message, full)
            return self.of_error(message, error)
        except WorkloadError as error:
            return self.of_error(message, error)
        except BaseException as error:  # SystemExit too: a plugin must not end the thread that waits for it
            log.exception("a plugin broke", task=message.task_id, kind=message.kind)
            return self.broken(message, error)
        finally:
            run.tidy()

    def broken(self, message: TaskMessage, error: BaseException) -> OutcomeMessage:
        """The outcome for an error that no plugin should raise; trying again would not help."""
        try:
            said = f"{type(error).__name__}: {error}"
        except Exception:  # noqa: BLE001 - an error of a plugin's own may refuse to be printed
            said = type(error).__name__
        return self.outcome(
            message,
            Verdict.FAILED,
            reason=f"the plugin '{message.kind}' broke: {said}",
            user_message=f"The step '{message.name}' failed because of a fault in its program; tell the operator.",
        )

    def _of_result(self, message: TaskMessage, returned: object) -> OutcomeMessage:
        result = checked(returned)
        if isinstance(result, Completed):
            return self.outcome(message, Verdict.COMPLETED, outputs=result.outputs, reason=result.reason)
        if isinstance(result, Parked):
            return self.outcome(message, Verdict.PARKED, outputs=result.outputs, job=result.job, reason=result.reason)
        if isinstance(result, Failed):
            return self.outcome(
                message, Verdict.FAILED, reason=result.reason, user_message=result.user_message or result.reason
            )
        return self.outcome(message, Verdict.DEFERRED, reason=result.reason, delay_s=result.delay_s)

    def of_error(self, message: TaskMessage, error: WorkloadError) -> OutcomeMessage:
        """The outcome for an error of our own tree: deferred, retryable or failed, by its class."""
        if isinstance(error, UnavailableError) and not isinstance(error, CommandTimeoutError):
            return self.outcome(
                message,
                Verdict.DEFERRED,
                reason=str(error),
                delay_s=UNAVAILABLE_DELAY_S,
                resource_unavailable=not isinstance(error, StoreUnavailableError),
            )
        # A plugin that this worker lacks may be had on another, or after the operator has mended it.
        retryable = error.transient or isinstance(error, PluginError)
        verdict = Verdict.RETRYABLE if retryable else Verdict.FAILED
        return self.outcome(message, verdict, reason=str(error), user_message=error.user_message)

    def outcome(self, message: TaskMessage, verdict: Verdict, **values: Any) -> OutcomeMessage:
        """An outcome message for the task."""
        return OutcomeMessage(
            task_id=message.task_id,
            experiment_id=message.experiment_id,
            attempt=message.attempt,
            resource=message.resource,
            verdict=verdict,
            at_us=self._clock(),
            by=self._by,
            action=message.action,
            **values,
        )
