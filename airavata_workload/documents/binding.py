"""Fits documents to pydantic models, and turns what does not fit into errors that name line, key and remedy."""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from airavata_workload.documents.document import Document, Key, combined, dotted
from airavata_workload.domain.dag import nearest
from airavata_workload.domain.errors import DocumentError

M = TypeVar("M", bound=BaseModel)

_KEY_MARK = "[key]"
"""pydantic's last step to an error about a key of a mapping and not about its value."""

_TABLE_EXPECTED = ("model_type", "model_attributes_type", "dict_type")
"""pydantic's types of errors about something that is no table."""


class Table(BaseModel):
    """Base of the models of tables: an unknown key is an error, and nothing is converted silently."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def bind(document: Document, model: type[M], at: Key = ()) -> M:
    """The table at a place of the document as a model. Raises the document's error, which tells of every problem."""
    try:
        return model.model_validate(document.value(at))
    except ValidationError as error:
        raise combined(problems(document, model, error, at)) from None


def problems(
    document: Document,
    model: type[BaseModel],
    error: ValidationError,
    at: Key = (),
    concerns: Callable[[str, Key], bool] = lambda _kind, _key: True,
) -> list[DocumentError]:
    """Our errors, one for each of pydantic's, about the table at ``at``; a place in the file has one at most.

    ``concerns`` is given pydantic's type of error and the place, and says whether to mention it.
    """
    found: dict[Key, DocumentError] = {}
    for detail in error.errors(include_url=False):
        location = tuple(step for step in detail["loc"] if step != _KEY_MARK)
        if concerns(detail["type"], (*at, *location)):
            found.setdefault((*at, *location), _problem(document, model, detail, location, at))
    # A misspelt key is not missing as well.
    misspelt = {(*key[:-1], problem.suggestion) for key, problem in found.items() if problem.suggestion}
    return [problem for key, problem in found.items() if key not in misspelt]


def _problem(document: Document, model: type[BaseModel], detail: ErrorDetails, location: Key, at: Key) -> DocumentError:
    key = (*at, *location)
    section = f"[{dotted(key[:-1])}]" if key[:-1] else "the file"
    if detail["type"] == "extra_forbidden":
        allowed = fields_at(model, location[:-1])
        suggestion = nearest(str(location[-1]), allowed)
        remedy = None if suggestion or not allowed else f"Allowed are: {', '.join(sorted(allowed))}."
        return document.problem(
            f"'{location[-1]}' is not a key of {section}.", key, suggestion=suggestion, remedy=remedy
        )
    if detail["type"] == "missing":
        description = fields_at(model, location[:-1]).get(str(location[-1]), "")
        remedy = f"It is: {description}" if description else None
        return document.problem(f"{section} lacks '{location[-1]}'.", key, remedy=remedy)
    return document.problem(f"'{dotted(key)}' {_complaint(detail)}.", key)


def _complaint(detail: ErrorDetails) -> str:
    """Pydantic's message as the end of a sentence that begins with the key."""
    message = detail["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ").rstrip(".")
    if detail["type"] in _TABLE_EXPECTED:
        message = "Input should be a table"
    if not message.startswith("Input "):
        return message[:1].lower() + message[1:]
    given = detail["input"]
    shown = repr(given) if isinstance(given, (str, int, float, bool)) else _kind(given)
    return f"{message.removeprefix('Input ')}, not {shown[:80]}"


def _kind(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, Mapping):
        return "a table"
    return "a list" if isinstance(value, (list, tuple)) else f"a {type(value).__name__}"


def fields_at(model: type[BaseModel], location: Key) -> dict[str, str]:
    """Keys, with their descriptions, that the model allows at a place below it; empty where any key is allowed."""
    annotation: Any = model
    for step in location:
        annotation = _step(_bare(annotation), step)
    found = _bare(annotation)
    if isinstance(found, type) and issubclass(found, BaseModel):
        return {name: field.description or "" for name, field in found.model_fields.items()}
    return {}


def _step(annotation: Any, step: str | int) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        field = annotation.model_fields.get(str(step))
        return field.annotation if field else None
    arguments = get_args(annotation)
    return arguments[-1] if get_origin(annotation) in (dict, Mapping) and arguments else (arguments or (None,))[0]


def _bare(annotation: Any) -> Any:
    """The annotation without ``| None``."""
    if get_origin(annotation) in (Union, types.UnionType):
        return next((part for part in get_args(annotation) if part is not type(None)), None)
    return annotation
