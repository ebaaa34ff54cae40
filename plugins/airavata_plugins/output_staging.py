"""Task kind ``output-staging``: brings what a job has left to where the user wants it."""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field

from airavata_plugins.diagnosis import failed_by
from airavata_plugins.file_list import FileList
from airavata_plugins.places import AbsolutePath, Place, PlaceText, inside
from airavata_plugins.remote_files import Match, copy_there, find_files
from airavata_workload.domain.errors import RemoteError
from airavata_workload.domain.experiment import DataType
from airavata_workload.domain.outcome import Completed, Failed, Outcome
from airavata_workload.domain.states import ProcessState
from airavata_workload.ports.file_transfer import FilePair, Progress, Receipt
from airavata_workload.ports.task_plugin import Parameters, TaskPlugin, TaskRun

DONE = "Successfully staged output data"
"""Source: Airavata 0.17, the reason text of GFAC's data staging task."""


class OutputFiles(Parameters):
    """One output to bring: a file, or all files that a pattern finds."""

    name: str = Field(description="Name of the experiment's output.")
    path: str = Field(description="The file, relative to the working directory; '*' and '?' make it a pattern.")
    type: DataType = Field(default=DataType.URI, description="The output's type; all types are files here.")
    required: bool = Field(default=True, description="Whether at least one file must be there.")


class OutputStagingParameters(Parameters):
    """What ``output-staging`` is told."""

    outputs: list[OutputFiles] = Field(description="The outputs to bring.")
    directory: AbsolutePath = Field(description="The working directory on the resource: an absolute path.")
    destination: PlaceText = Field(
        description="Directory for the outputs: an absolute path on the engine's machine, or resource:/absolute/path."
    )
    checksum: bool = Field(default=True, description="Whether both sides must agree on the SHA-256 of every file.")
    copy_timeout_s: float = Field(
        default=3600.0, gt=0, description="Limit, in seconds, for copying files that stay on the resource."
    )


class OutputStaging(TaskPlugin[OutputStagingParameters]):
    """Finds the outputs with one command and brings all of them with one ``get``.

    What exists is brought even when something else is missing. A file goes to
    ``<destination>/<its name>`` (Source: GFAC of Airavata 0.17); where two
    files of different directories have one name, both keep their relative
    paths, so that neither is lost. An empty output is accepted. Doing it again
    overwrites what an earlier attempt brought. Outputs: ``files``, output name
    to a list of ``{path, size_bytes, sha256}``, where ``path`` is a place; a
    list too long for a task's outputs is cut, and ``omitted_files`` says by how
    many.
    """

    kind: ClassVar[str] = "output-staging"
    summary: ClassVar[str] = "Brings the declared outputs to their destination, each verified"
    parameters_model: ClassVar[type[Parameters]] = OutputStagingParameters
    process_state: ClassVar[ProcessState] = ProcessState.OUTPUT_DATA_STAGING

    def execute(self, run: TaskRun[OutputStagingParameters]) -> Outcome:
        """Do it. ``Failed`` names each output that is missing, with its path."""
        run.check_cancelled()
        wanted = run.parameters
        problems: list[str] = []
        try:
            found = _found(run, problems)
            targets = _targets(found, Place.parse(wanted.destination))
            receipts = _brought(run, targets) if targets else {}
        except RemoteError as error:
            return failed_by(run, error, "Staging the outputs", run.resource)
        if problems:
            return Failed(f"Staging the outputs of {run.name}: {' '.join(problems)}", " ".join(problems))
        listing = FileList()
        files = {
            name: listing.fitting(_described(targets[path], receipts[path]) for path in paths)
            for name, paths in found.items()
        }
        return Completed(listing.outputs(files), DONE)


def _found(run: TaskRun[OutputStagingParameters], problems: list[str]) -> dict[str, list[str]]:
    """Output name to the paths of its files, relative to the directory; what is wrong goes to ``problems``."""
    wanted = run.parameters
    patterns: list[tuple[OutputFiles, str]] = []
    for output in wanted.outputs:
        try:
            patterns.append((output, inside(output.path)))
        except ValueError as error:
            problems.append(f"Output '{output.name}': {error}.")
    if not patterns:
        return {}
    matches = find_files(run.shell(), wanted.directory, [pattern for _output, pattern in patterns], run.cancelled)
    found: dict[str, list[str]] = {}
    for (output, _pattern), files in zip(patterns, matches, strict=True):
        problem = _problem(output, files, wanted.directory)
        if problem:
            problems.append(problem)
        found.setdefault(output.name, []).extend(file.path for file in files if file.inside and file.is_utf8)
    return found


def _problem(output: OutputFiles, files: Sequence[Match], directory: str) -> str:
    """What is wrong with the files of an output, for the user; '' if nothing is."""
    strays = [file.path for file in files if not file.inside]
    if strays:
        names = ", ".join(repr(path) for path in strays)
        return f"Output '{output.name}': {names} is a link that leads out of the working directory."
    unwritable = [repr(file.path.encode("utf-8", "surrogateescape")) for file in files if not file.is_utf8]
    if unwritable:
        names = ", ".join(unwritable)
        return f"Output '{output.name}': {names} is a name that is not UTF-8; let the program choose another."
    if output.required and not files:
        return f"Output '{output.name}' is missing: the job left no file {output.path!r} in {directory}."
    return ""


def _targets(found: Mapping[str, Sequence[str]], destination: Place) -> dict[str, Place]:
    """Relative path of each file to the place where it goes."""
    paths = list(dict.fromkeys(path for paths in found.values() for path in paths))
    names = Counter(posixpath.basename(path) for path in paths)
    return {
        path: destination.beside(path if names[posixpath.basename(path)] > 1 else posixpath.basename(path))
        for path in paths
    }


def _brought(run: TaskRun[OutputStagingParameters], targets: Mapping[str, Place]) -> dict[str, Receipt]:
    """Bring the files; the receipt of each by its relative path."""
    run.check_cancelled()
    wanted = run.parameters
    destination = Place.parse(wanted.destination).resource
    sources = {path: posixpath.join(wanted.directory, path) for path in targets}
    if destination == run.resource:
        return _copied(run, sources, targets)
    if not destination:
        local = {path: Path(place.path) for path, place in targets.items()}
    else:
        local = {path: run.scratch() / "outputs" / str(number) for number, path in enumerate(targets)}
    receipts = run.transfer().get(
        [FilePair(local=local[path], remote=sources[path]) for path in targets],
        checksum=wanted.checksum,
        progress=_progress(run, "staging outputs"),
        cancelled=run.cancelled,
    )
    if destination:
        receipts = run.transfer(destination).put(
            [FilePair(local=local[path], remote=place.path) for path, place in targets.items()],
            checksum=wanted.checksum,
            progress=_progress(run, f"sending outputs to {destination}"),
            cancelled=run.cancelled,
        )
    by_local = {receipt.local: receipt for receipt in receipts}
    return {path: by_local[local[path]] for path in targets}


def _copied(
    run: TaskRun[OutputStagingParameters], sources: Mapping[str, str], targets: Mapping[str, Place]
) -> dict[str, Receipt]:
    """Copy files whose destination is on the task's resource, with one command."""
    copies = copy_there(
        run.shell(),
        [(source, targets[path].path) for path, source in sources.items()],
        checksum=run.parameters.checksum,
        timeout_s=run.parameters.copy_timeout_s,
        cancelled=run.cancelled,
    )
    receipts: dict[str, Receipt] = {}
    for (path, source), copy in zip(sources.items(), copies, strict=True):
        copy.require_done(path)
        receipts[path] = Receipt(
            local=Path(source), remote=targets[path].path, size_bytes=copy.size_bytes, sha256=copy.sha256
        )
    return receipts


def _progress(run: TaskRun[OutputStagingParameters], what: str) -> Progress:
    return lambda done, total: run.progress(done, total, what)


def _described(place: Place, receipt: Receipt) -> dict[str, Any]:
    return {"path": str(place), "size_bytes": receipt.size_bytes, "sha256": receipt.sha256}
