"""Task kind ``input-staging``: brings the files of an experiment's inputs into the working directory."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field

from airavata_plugins.diagnosis import failed_by
from airavata_plugins.file_list import FileList
from airavata_plugins.places import AbsolutePath, Place, inside
from airavata_plugins.remote_files import Condition, copy_there, look_at
from airavata_workload.domain.errors import RemoteError, StagingInputError
from airavata_workload.domain.outcome import Completed, Failed, Outcome
from airavata_workload.domain.states import ProcessState
from airavata_workload.ports.file_transfer import FilePair, Progress, Receipt
from airavata_workload.ports.task_plugin import Parameters, TaskPlugin, TaskRun

DONE = "Successfully staged input data"
"""Source: Airavata 0.17, the reason text of GFAC's data staging task."""


class InputFile(Parameters):
    """One file to bring."""

    input: str = Field(description="Name of the experiment's input, for messages.")
    place: str = Field(
        description="The file: an absolute path on the engine's machine, or resource:/absolute/path. '' if not given."
    )
    name: str = Field(default="", description="Its name in the working directory; '' keeps the name that it has.")
    required: bool = Field(default=True, description="Whether it must exist and hold something.")


class InputStagingParameters(Parameters):
    """What ``input-staging`` is told."""

    files: list[InputFile] = Field(description="The files to bring.")
    directory: AbsolutePath = Field(description="Where they go on the resource: an absolute path.")
    checksum: bool = Field(default=True, description="Whether both sides must agree on the SHA-256 of every file.")
    copy_timeout_s: float = Field(
        default=3600.0, gt=0, description="Limit, in seconds, for copying files that are on the resource already."
    )


@dataclass(frozen=True, slots=True)
class _Source:
    """A file to bring, its place understood: ``name`` below the working directory, ``target`` the absolute path."""

    file: InputFile
    place: Place
    name: str
    target: str

    @property
    def label(self) -> str:
        return f"Input '{self.file.input}': the file {self.place}"


class _Refused(Exception):
    """Carries every problem of the inputs at once, so that a user mends them at once."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__(" ".join(problems))


class InputStaging(TaskPlugin[InputStagingParameters]):
    """Brings files from the engine's machine and from other resources: one ``put`` for all of them.

    A file on the task's own resource is copied there. Doing it again
    overwrites what an earlier attempt brought. Outputs: ``files``, a list of
    ``{input, name, path, size_bytes, sha256}`` in the order of the parameters;
    an optional file that does not exist is left out. A list too long for a
    task's outputs is cut, and ``omitted_files`` says by how many.
    """

    kind: ClassVar[str] = "input-staging"
    summary: ClassVar[str] = "Brings the files of the inputs into the working directory, each verified"
    parameters_model: ClassVar[type[Parameters]] = InputStagingParameters
    process_state: ClassVar[ProcessState] = ProcessState.INPUT_DATA_STAGING

    def execute(self, run: TaskRun[InputStagingParameters]) -> Outcome:
        """Do it. ``Failed`` names the input and the file."""
        run.check_cancelled()
        wanted = run.parameters
        doing = "Staging the inputs"
        try:
            sources = _understood(wanted)
            local = _present(sources, [_look_here(Path(each.place.path)) for each in _at(sources, "")], "")
            fetched = _fetched(run, [each for each in sources if each.place.resource not in ("", run.resource)])
            staged = dict(_copied(run, _at(sources, run.resource)))
            pairs = [FilePair(local=Path(each.place.path), remote=each.target) for each in local] + fetched
            staged.update(_sent(run, pairs))
        except _Refused as refused:
            return Failed(f"{doing} of {run.name}: {refused}", str(refused))
        except StagingInputError as error:  # it vanished after we had looked
            return Failed(str(error), error.user_message)
        except RemoteError as error:
            return failed_by(run, error, doing, run.resource)
        listing = FileList()
        files = listing.fitting(_described(each, staged[each.target]) for each in sources if each.target in staged)
        return Completed(listing.outputs(files), DONE)


def _understood(wanted: InputStagingParameters) -> list[_Source]:
    """The sources that are given. Raises ``_Refused`` for places that are none and names that clash."""
    sources: list[_Source] = []
    problems: list[str] = []
    takers: dict[str, InputFile] = {}
    for file in wanted.files:
        if not file.place:
            if file.required:
                problems.append(f"Input '{file.input}' is required and names no file.")
            continue
        try:
            place = Place.parse(file.place)
            name = inside(file.name or posixpath.basename(place.path))
        except ValueError as error:
            problems.append(f"Input '{file.input}': {error}.")
            continue
        other = takers.setdefault(name, file)
        if other is not file and other.place != file.place:
            problems.append(
                f"Inputs '{other.input}' and '{file.input}' are both called {name!r}, and one would overwrite "
                "the other: rename one of the files."
            )
        sources.append(_Source(file, place, name, posixpath.join(wanted.directory, name)))
    if problems:
        raise _Refused(problems)
    return sources


def _at(sources: Sequence[_Source], resource: str) -> list[_Source]:
    return [each for each in sources if each.place.resource == resource]


def _look_here(path: Path) -> Condition:
    """The condition of a file on the engine's machine."""
    try:
        if not path.exists():
            return Condition.MISSING
        if not path.is_file():
            return Condition.NOT_A_FILE
        with path.open("rb") as file:
            return Condition.READY if file.read(1) else Condition.EMPTY
    except OSError:
        return Condition.UNREADABLE


def _present(sources: Sequence[_Source], conditions: Sequence[Condition], resource: str) -> list[_Source]:
    """The sources on ``resource`` that can be brought. Raises ``_Refused`` naming all that should be there."""
    of_resource = _at(sources, resource)
    problems = [_problem(each, condition) for each, condition in zip(of_resource, conditions, strict=True)]
    if any(problems):
        raise _Refused([problem for problem in problems if problem])
    return [
        each
        for each, condition in zip(of_resource, conditions, strict=True)
        if condition in (Condition.READY, Condition.EMPTY)
    ]


def _problem(source: _Source, condition: Condition) -> str:
    """What is wrong with the source, for the user; '' if nothing is."""
    if not source.file.required and condition in (Condition.EMPTY, Condition.MISSING):
        return ""
    what = {
        Condition.MISSING: "does not exist.",
        Condition.NOT_A_FILE: "is not a file.",
        Condition.UNREADABLE: "cannot be read: check its mode and owner.",
        Condition.EMPTY: "is empty, and this input is required.",
    }.get(condition)
    return f"{source.label} {what}" if what else ""


def _fetched(run: TaskRun[InputStagingParameters], sources: Sequence[_Source]) -> list[FilePair]:
    """Bring files of other resources to the worker: a look and a ``get`` each resource."""
    pairs: list[FilePair] = []
    for resource in dict.fromkeys(each.place.resource for each in sources):
        there = _at(sources, resource)
        conditions = look_at(run.shell(resource), [each.place.path for each in there], run.cancelled)
        present = _present(there, conditions, resource)
        run.check_cancelled()
        here = [run.scratch() / resource / str(number) for number in range(len(present))]
        run.transfer(resource).get(
            [FilePair(local=path, remote=each.place.path) for path, each in zip(here, present, strict=True)],
            checksum=run.parameters.checksum,
            progress=_progress(run, f"fetching inputs from {resource}"),
            cancelled=run.cancelled,
        )
        pairs += [FilePair(local=path, remote=each.target) for path, each in zip(here, present, strict=True)]
    return pairs


def _copied(run: TaskRun[InputStagingParameters], sources: Sequence[_Source]) -> Iterator[tuple[str, Receipt]]:
    """Copy files that are on the task's resource already, with one command."""
    if not sources:
        return
    run.check_cancelled()
    copies = copy_there(
        run.shell(),
        [(each.place.path, each.target) for each in sources],
        checksum=run.parameters.checksum,
        timeout_s=run.parameters.copy_timeout_s,
        cancelled=run.cancelled,
    )
    _present(sources, [copy.condition for copy in copies], run.resource)
    for each, copy in zip(sources, copies, strict=True):
        if copy.condition is Condition.MISSING:
            continue
        copy.require_done(each.label)
        here = Path(each.place.path)
        yield (
            each.target,
            Receipt(local=here, remote=each.target, size_bytes=copy.size_bytes, sha256=copy.sha256),
        )


def _sent(run: TaskRun[InputStagingParameters], pairs: Sequence[FilePair]) -> Iterator[tuple[str, Receipt]]:
    """Send everything that is on the worker's machine in one transfer."""
    if not pairs:
        return
    run.check_cancelled()
    receipts = run.transfer().put(
        list({pair.remote: pair for pair in pairs}.values()),
        checksum=run.parameters.checksum,
        progress=_progress(run, "staging inputs"),
        cancelled=run.cancelled,
    )
    for receipt in receipts:
        yield receipt.remote, receipt


def _progress(run: TaskRun[InputStagingParameters], what: str) -> Progress:
    return lambda done, total: run.progress(done, total, what)


def _described(source: _Source, receipt: Receipt) -> dict[str, Any]:
    return {
        "input": source.file.input,
        "name": source.name,
        "path": source.target,
        "size_bytes": receipt.size_bytes,
        "sha256": receipt.sha256,
    }
