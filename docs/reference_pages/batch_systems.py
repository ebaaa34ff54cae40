"""The page of the batch systems."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

from airavata_adapters.batch_systems import fork, slurm_states
from airavata_workload.domain.cluster import Cluster
from airavata_workload.domain.states import JobState
from airavata_workload.ports.batch_system import BatchSystem, exit_code_file
from reference_pages import project
from reference_pages.markdown import code, document, paragraphs, table

_INTRODUCTION = """
What runs jobs. A [cluster file](cluster-file.md) names one as `batch_system`.
[Write a batch system](../how-to/write-a-batch-system.md) adds one.

A batch system's own states are mapped to the [states of a job](states.md#job). A word that it does not know is UNKNOWN,
and UNKNOWN never ends a job. Every job script leaves its exit code in a file in the working directory, which is a
witness beside the queue and accounting.
"""

_NOTES = """
The poll intervals hold unless the cluster file or the settings say otherwise. Between the two the monitor asks the more
seldom the longer ago the youngest job was submitted. `airavata-workload hold` keeps back tasks, not jobs.
"""


def page() -> str:
    """The page."""
    systems = [project.load(target)(Cluster(name="any")) for target in project.entry_points("batch_systems").values()]
    return document(
        "Batch systems",
        "the batch systems in `adapters/airavata_adapters/batch_systems/`",
        _INTRODUCTION,
        f"The exit-code file of the job `NAME` is {code(exit_code_file('NAME'))}.",
        "## At a glance",
        _at_a_glance(systems),
        _NOTES,
        *(part for system in systems for part in _section(system)),
    )


def _at_a_glance(systems: list[BatchSystem]) -> str:
    def yes(system: BatchSystem, method: str) -> str:
        return "yes" if getattr(type(system), method) is not getattr(BatchSystem, method) else "no"

    rows = [
        ("job script ends in", *(code(system.script_suffix) for system in systems)),
        ("fewest seconds between two status queries", *(f"{system.min_poll_interval_s:g}" for system in systems)),
        ("most seconds between two status queries", *(f"{system.max_poll_interval_s:g}" for system in systems)),
        (
            "seconds after which a submission that broke off surely left no job",
            *(f"{system.submission_settle_s:g}" for system in systems),
        ),
        ("has accounting", *(yes(system, "accounting_script") for system in systems)),
        ("can hold and release jobs", *(yes(system, "hold_script") for system in systems)),
    ]
    return table(("", *(code(system.name) for system in systems)), rows)


def _section(system: BatchSystem) -> Iterator[str]:
    yield f"## `{system.name}`"
    yield paragraphs(inspect.getdoc(type(system)))
    if system.name == "slurm":
        yield from _slurm(system)
    elif system.name == "fork":
        yield from _fork(system)
    else:
        raise AssertionError(f"say in docs/reference_pages/batch_systems.py which states {system.name} has")


def _slurm(system: BatchSystem) -> Iterator[str]:
    yield paragraphs((inspect.getdoc(slurm_states) or "").split("\n\n", 1)[1])
    rows = []
    for compact, long, state in slurm_states.STATES:
        if not system.job_state(compact) is system.job_state(long) is state:
            raise AssertionError(f"{long} is not mapped as the table says")
        rows.append((code(compact), code(long), _state(state), slurm_states.reason(long, "", "")))
    yield table(("code", "Slurm's state", "job state", "what the user is told"), rows)


def _fork(system: BatchSystem) -> Iterator[str]:
    meanings = {
        "running": "the process group runs",
        "stopped": "the process group was stopped by a signal",
        "exit 0": "the job script ended with exit code 0",
        "exit 1": "it ended with another exit code",
        "time": "its wall time was over and it was ended",
        "cancelled": "it was cancelled on request",
        "gone": "its processes are gone and left no exit code, or the machine was restarted",
        "elsewhere": "another machine answers than the one on which it was started",
    }
    missing = set(fork._STATES) - set(meanings)
    if missing:
        raise AssertionError(f"say what {', '.join(sorted(missing))} means")
    shown = {"exit 1": "exit N"}
    rows = [
        (code(shown.get(word, word)), _state(system.job_state(word)), meaning) for word, meaning in meanings.items()
    ]
    yield table(("state", "job state", "meaning"), rows)


def _state(state: JobState) -> str:
    return code(state.value)
