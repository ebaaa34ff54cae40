"""Is what a plugin returned an outcome that the stages after the worker can carry? Pure.

A worker reports outcomes in batches and the orchestrator applies them in
batches, so a value that cannot be written as JSON, or a delay that is no
number, would hold up the outcomes of other tasks. It is refused here, where it
harms nobody but the plugin that returned it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping

from airavata_workload.domain.errors import ParameterError
from airavata_workload.domain.job import Job
from airavata_workload.domain.outcome import Completed, Deferred, Failed, Outcome, Parked

MAX_OUTPUTS_BYTES = 1_000_000
MAX_DELAY_S = 366 * 86_400.0
"""A plugin that wants to be asked again after more than a year has made a mistake in its units."""


def checked(result: object) -> Outcome:
    """The outcome itself.

    Raises ``TypeError`` or ``ValueError`` that says what is wrong with it, and
    ``ParameterError`` for outputs that are too large.
    """
    if isinstance(result, Completed | Parked):
        _require_text("reason", result.reason)
        _require_outputs(result.outputs)
        if isinstance(result, Parked):
            _require_job(result.job)
        return result
    if isinstance(result, Failed):
        _require_text("reason", result.reason)
        _require_text("user_message", result.user_message)
        return result
    if isinstance(result, Deferred):
        _require_text("reason", result.reason)
        _require_delay(result.delay_s)
        return result
    raise TypeError(f"it returned {_shown(result)}, which is not an outcome")


def _require_text(what: str, value: object) -> None:
    if not isinstance(value, str):
        raise TypeError(f"the {what} of its outcome is {_shown(value)}, not text")


def _require_outputs(outputs: object) -> None:
    if not isinstance(outputs, Mapping) or not all(isinstance(name, str) for name in outputs):
        raise TypeError(f"the outputs of its outcome are {_shown(outputs)}, not a mapping from names to values")
    try:
        size = len(json.dumps(dict(outputs), allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        raise TypeError(f"the outputs of its outcome cannot be written as JSON: {error}") from None
    if size > MAX_OUTPUTS_BYTES:
        raise ParameterError(
            f"The outputs take {size} bytes, more than {MAX_OUTPUTS_BYTES}.",
            remedy="The plugin should put the data into files and their names into its outputs.",
        )


def _require_delay(value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"the delay_s of its outcome is {_shown(value)}, not a number")
    if not math.isfinite(value) or not 0 <= value <= MAX_DELAY_S:
        raise ValueError(f"the delay_s of its outcome is {value}; it must be between 0 and {MAX_DELAY_S:.0f}")


def _require_job(job: object) -> None:
    if not isinstance(job, Job):
        raise TypeError(f"the job of its outcome is {_shown(job)}, not a Job")
    for name in Job.__slots__:
        value = getattr(job, name)
        if name == "submitted_at_us":
            if isinstance(value, bool) or not isinstance(value, int):
                raise TypeError(f"the {name} of its job is {_shown(value)}, not a number of microseconds")
        else:
            _require_text(f"job's {name}", value)
    if not job.job_id or not job.cluster:
        raise ValueError("the job of its outcome has no job_id or no cluster")


def _shown(value: object) -> str:
    """The value in a few words; a plugin's objects may be long, or refuse to be printed."""
    try:
        return repr(value)[:200]
    except Exception:  # noqa: BLE001 - whatever a plugin's __repr__ does
        return f"a {type(value).__name__}"
