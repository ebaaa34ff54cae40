"""Runs a plugin and turns whatever it returns or raises into an outcome message."""

from __future__ import annotations

import json
from typing import Any

import structlog
from pydantic import ValidationError

from airavata_workload.domain.clock import Clock
from airavata_workload.domain.errors import (
    CommandTimeoutError,
    ParameterError,
    PluginError,
    TaskCancelled,
    UnavailableError,
    WorkloadError,
)
from airavata_workload.domain.message import OutcomeMessage, TaskAction, TaskMessage, Verdict
from airavata_workload.domain.outcome import Completed, Deferred, Failed, Parked
from airavata_workload.plugins import catalogue
from airavata_workload.ports.task_plugin import Parameters, TaskPlugin
from airavata_workload.worker.run import WorkerRun

log = structlog.get_logger("airavata_workload.worker")

UNAVAILABLE_DELAY_S = 2.0
MAX_OUTPUTS_BYTES = 1_000_000


def plugin_of(kind: str) -> TaskPlugin[Any]:
    """The plugin of a kind. Raises ``NotFoundError`` or ``PluginError``."""
    plugin: TaskPlugin[Any] = catalogue("tasks").load(kind)()
    return plugin


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
        except WorkloadError as error:
            return self.of_error(message, error)
        except Exception as error:
            log.exception("a plugin broke", task=message.task_id, kind=message.kind)
            return self.outcome(
                message,
                Verdict.FAILED,
                reason=f"the plugin '{message.kind}' broke: {type(error).__name__}: {error}",
                user_message=f"The step '{message.name}' failed because of a fault in its program; tell the operator.",
            )
        finally:
            run.tidy()

    def _of_result(self, message: TaskMessage, result: object) -> OutcomeMessage:
        if isinstance(result, Completed):
            size = len(json.dumps(dict(result.outputs)))  # raises TypeError for what is not JSON: the plugin broke
            if size > MAX_OUTPUTS_BYTES:
                raise ParameterError(
                    f"The outputs of task {message.name} take {size} bytes, more than {MAX_OUTPUTS_BYTES}: "
                    "put the data into files and their names into the outputs."
                )
            return self.outcome(message, Verdict.COMPLETED, outputs=result.outputs, reason=result.reason)
        if isinstance(result, Parked):
            return self.outcome(message, Verdict.PARKED, outputs=result.outputs, job=result.job, reason=result.reason)
        if isinstance(result, Failed):
            return self.outcome(
                message, Verdict.FAILED, reason=result.reason, user_message=result.user_message or result.reason
            )
        if isinstance(result, Deferred):
            return self.outcome(message, Verdict.DEFERRED, reason=result.reason, delay_s=result.delay_s)
        raise TypeError(f"plugin '{message.kind}' returned {result!r}, which is not an outcome")

    def of_error(self, message: TaskMessage, error: WorkloadError) -> OutcomeMessage:
        """The outcome for an error of our own tree: deferred, retryable or failed, by its class."""
        if isinstance(error, UnavailableError) and not isinstance(error, CommandTimeoutError):
            return self.outcome(
                message,
                Verdict.DEFERRED,
                reason=str(error),
                delay_s=UNAVAILABLE_DELAY_S,
                resource_unavailable=True,
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
