"""The keys of pydantic models in words for people who write TOML, YAML or JSON."""

from __future__ import annotations

import json
import types
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from airavata_workload.documents.duration import Duration
from reference_pages.markdown import code, prose, table

_WORDS: Mapping[Any, str] = {
    str: "text",
    int: "integer",
    float: "number",
    bool: "true or false",
    datetime: "date and time",
    Path: "path",
    Any: "any value",
}
_DURATION_MARKS = get_args(Duration)[1:]
_BOUNDS = (("gt", "above"), ("ge", "at least"), ("lt", "below"), ("le", "at most"))


def keys(model: type[BaseModel]) -> str:
    """A table with every key of the model."""
    rows = [_row(name, field) for name, field in model.model_fields.items()]
    return table(("key", "type", "default", "meaning"), rows)


def _row(name: str, field: FieldInfo) -> tuple[str, str, str, str]:
    return code(name), type_of(field.annotation, field.metadata), default_of(field), prose(field.description or "")


def type_of(annotation: Any, metadata: Sequence[Any] = ()) -> str:
    """What may be written there."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return type_of(arguments[0], [*arguments[1:], *metadata])
    if any(mark in _DURATION_MARKS for mark in metadata):
        return "text, a duration"
    if origin in (Union, types.UnionType):
        return type_of(next(part for part in arguments if part is not type(None)), metadata)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "table"
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return " or ".join(code(member.value) for member in annotation)
    return _container(origin, arguments) or _WORDS[annotation] + _bounds(metadata)


def _container(origin: Any, arguments: tuple[Any, ...]) -> str:
    """The words for a list, a table of equal values or a choice; '' for anything else."""
    if origin is Literal:
        return " or ".join(code(json.dumps(value)) for value in arguments)
    if origin in (list, tuple, Sequence):
        return f"list of {_plural(type_of(arguments[0]))}"
    if origin in (dict, Mapping):
        return f"table of {_plural(type_of(arguments[1]))}"
    return ""


def _plural(words: str) -> str:
    irregular = {"text": "texts", "any value": "any values", "true or false": "truth values"}
    if words.startswith(("list of ", "table of ")):
        return words.replace("list of", "lists of", 1).replace("table of", "tables of", 1)
    return irregular.get(words, f"{words}s")


def _bounds(metadata: Sequence[Any]) -> str:
    marks = [inner for mark in metadata for inner in (mark.metadata if isinstance(mark, FieldInfo) else [mark])]
    found = [
        f"{words} {getattr(mark, name):g}"
        for mark in marks
        for name, words in _BOUNDS
        if getattr(mark, name, None) is not None
    ]
    return f", {', '.join(found)}" if found else ""


def default_of(field: FieldInfo) -> str:
    """What counts when the key is not given."""
    if field.is_required():
        return "**required**"
    value = field.default
    if value is None or value is PydanticUndefined or isinstance(value, BaseModel):
        return ""
    return code(json.dumps(value))


def nested(model: type[BaseModel]) -> dict[str, type[BaseModel]]:
    """The models of the keys that hold a table, or a list of tables."""
    found: dict[str, type[BaseModel]] = {}
    for name, field in model.model_fields.items():
        inner = _model_in(field.annotation)
        if inner is not None:
            found[name] = inner
    return found


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _model_in(part)) is not None), None)
