"""The ``[inputs]`` of an experiment file: plain values, and files that must be there."""

from __future__ import annotations

import math
import re
import stat
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from airavata_workload.documents.binding import bind
from airavata_workload.documents.document import Document, Key, dotted
from airavata_workload.documents.experiment_model import InputTable
from airavata_workload.domain.errors import StagingInputError
from airavata_workload.domain.experiment import DataType, ExperimentInput

_NAME = re.compile(r"[^\W\d][\w-]*")
_REMOTE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*:/")
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_TYPES: Mapping[type, DataType] = {str: DataType.STRING, int: DataType.INTEGER, float: DataType.FLOAT}


def is_remote(place: str) -> bool:
    """Whether a place is ``resource:/absolute/path`` and not a path on the engine's machine."""
    return _REMOTE.match(place) is not None


def check_name(document: Document, key: Key) -> None:
    """Raise unless the last step of the key can stand in a reference."""
    if not _NAME.fullmatch(str(key[-1])):
        raise document.problem(f"'{dotted(key)}' must be a name of letters, digits, '-' and '_'.", key)


def read_inputs(document: Document, table: Mapping[str, Any], directory: Path) -> tuple[ExperimentInput, ...]:
    """The inputs; relative paths start from ``directory``. Nothing is looked up on disk."""
    return tuple(_input(document, name, given, directory) for name, given in table.items())


def _input(document: Document, name: str, given: Any, directory: Path) -> ExperimentInput:
    key: Key = ("inputs", name)
    check_name(document, key)
    if not isinstance(given, Mapping):
        return _plain(document, key, given, required=True)
    table = bind(document, InputTable, key)
    if sum(part is not None for part in (table.file, table.files, table.value)) != 1:
        raise document.problem(f"'{dotted(key)}' must have one of 'file', 'files' and 'value'.", key)
    if table.value is not None:
        return _plain(document, (*key, "value"), table.value, required=table.required)
    if table.file is not None:
        place = _place(document, (*key, "file"), table.file, directory, table.required)
        return ExperimentInput(name=name, type=DataType.URI, value=place, required=table.required)
    files = table.files or []
    if not files and table.required:
        remedy = "Name the files, or add required = false."
        raise document.problem(f"'{dotted(key)}' is a list of no files.", key, remedy=remedy)
    places = [
        _place(document, (*key, "files", number), file, directory, required=True) for number, file in enumerate(files)
    ]
    return ExperimentInput(name=name, type=DataType.URI_COLLECTION, value=places, required=table.required)


def _plain(document: Document, key: Key, value: Any, *, required: bool) -> ExperimentInput:
    items = value if isinstance(value, list) else [value]
    kinds = {type(item) for item in items} or {str}
    if kinds == {int, float}:
        kinds, items = {float}, [float(item) for item in items]
    kind = kinds.pop()
    if kinds or kind not in _TYPES or not all(math.isfinite(item) for item in items if kind is float):
        raise document.problem(
            f"'{dotted(key)}' must be text, a number, or a list of one of these.",
            key,
            remedy='For a file write {file = "..."}, for several {files = [...]}; put dates and true/false in quotes.',
        )
    if value in ("", []) and required:
        remedy = f"Give it a value, or write {key[1]} = {{value = {value!r}, required = false}}."
        raise document.problem(f"'{dotted(key)}' is empty.", key, remedy=remedy)
    name = str(key[1])
    return ExperimentInput(
        name=name, type=_TYPES[kind], value=items if isinstance(value, list) else items[0], required=required
    )


def _place(document: Document, key: Key, text: str, directory: Path, required: bool) -> str:
    if not text:
        if required:
            raise document.problem(f"'{dotted(key)}' names no file.", key)
        return ""
    if _URL.match(text):
        remedy = "Write a path, or resource:/absolute/path for a file on a cluster."
        raise document.problem(f"'{dotted(key)}' is a URL, which inputs cannot be.", key, remedy=remedy)
    if PurePosixPath(text).name in ("", "..") or text.endswith("/"):
        raise document.problem(f"'{dotted(key)}' names a directory, not a file: {text!r}.", key)
    if is_remote(text):
        return text
    try:
        return str((directory / Path(text).expanduser()).absolute())
    except RuntimeError as reason:
        raise document.problem(f"'{dotted(key)}': {reason}", key) from reason


def refuse_collisions(document: Document, inputs: Iterable[ExperimentInput], streams: Sequence[str]) -> None:
    """Raise if two files would have the same name in the working directory, or that of an output stream."""
    seen: dict[str, tuple[str, str]] = {}
    for item in inputs:
        for place in item.places:
            name = PurePosixPath(place).name
            if name in streams:
                problem = f"input '{item.name}' ({place}) would be overwritten by the program's output {name}."
            elif name in seen:
                problem = (
                    f"inputs '{seen[name][0]}' ({seen[name][1]}) and '{item.name}' ({place}) are both named {name}"
                )
                problem += " and would overwrite each other in the working directory."
            else:
                seen[name] = (item.name, place)
                continue
            raise document.problem(problem, ("inputs", item.name), remedy="Rename one of the two.")


def check_local_files(inputs: Iterable[ExperimentInput], document: Document | None = None) -> None:
    """Raise ``StagingInputError``, naming file and input, for a file here that is missing, unreadable or empty.

    A file of an input that is not required may be missing or empty.
    Files on other machines are checked when they are staged.
    """
    for item in inputs:
        for place in item.places:
            problem = None if is_remote(place) else _file_problem(Path(place), item.required)
            if problem:
                where = f"{document.path}:{document.line(('inputs', item.name))}: " if document else ""
                sentence = f"input '{item.name}': {place} {problem}."
                raise StagingInputError(f"{where}{sentence}", user_message=sentence[:1].upper() + sentence[1:])


def _file_problem(path: Path, required: bool) -> str | None:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            return "is a directory, not a file" if stat.S_ISDIR(status.st_mode) else "is not a regular file"
        with path.open("rb"):
            pass
    except FileNotFoundError:
        return "does not exist" if required else None
    except OSError as reason:
        return f"cannot be read: {reason.strerror}"
    return "is empty" if required and status.st_size == 0 else None
