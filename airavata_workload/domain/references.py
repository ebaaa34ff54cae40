"""References ``${root.name...}`` in the parameters of a DAG.

A string that is one reference and nothing else becomes the value itself, of
whatever type; references inside a longer string become text. ``$${`` stands
for a literal ``${``. Nothing here reaches a shell: whoever builds a command
quotes the resolved words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from airavata_workload.domain.errors import DagError

_REFERENCE = re.compile(r"\$\$\{|\$\{([^{}]*)\}")
_WHOLE = re.compile(r"\$\{([^{}]*)\}")

DEFERRED_ROOT = "tasks"
"""References to outputs of tasks are resolved when the task becomes ready, all others when the DAG is loaded."""


def find(value: Any) -> Iterator[str]:
    """All references in a JSON value, without their ``${}``."""
    if isinstance(value, str):
        for match in _REFERENCE.finditer(value):
            if match.group(1) is not None:
                yield match.group(1)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from find(item)
    elif isinstance(value, Sequence):
        for item in value:
            yield from find(item)


def resolve(value: Any, scope: Mapping[str, Any], *, defer: bool = False) -> Any:
    """The JSON value with its references replaced from ``scope``.

    With ``defer`` references to ``tasks`` stay as they are (and so does
    ``$${``, which the second pass unfolds). Raises ``DagError`` for a
    reference to something that is not in the scope.
    """
    if isinstance(value, str):
        return _resolve_text(value, scope, defer)
    if isinstance(value, Mapping):
        return {key: resolve(item, scope, defer=defer) for key, item in value.items()}
    if isinstance(value, Sequence):
        return [resolve(item, scope, defer=defer) for item in value]
    return value


def _resolve_text(text: str, scope: Mapping[str, Any], defer: bool) -> Any:
    if "${" not in text:
        return text
    whole = _WHOLE.fullmatch(text)
    if whole:
        if defer and _deferred(whole.group(1)):
            return text
        value = look_up(whole.group(1), scope)
        return _escape(value) if defer else value

    def replace(match: re.Match[str]) -> str:
        reference = match.group(1)
        if reference is None:
            return "$${" if defer else "${"
        if defer and _deferred(reference):
            return match.group(0)
        value = _as_text(look_up(reference, scope))
        return str(_escape(value)) if defer else value

    return _REFERENCE.sub(replace, text)


def _escape(value: Any) -> Any:
    """Keep a user's own ``${`` out of the second pass, in which it would look like a reference."""
    if isinstance(value, str):
        return value.replace("${", "$${")
    if isinstance(value, Mapping):
        return {key: _escape(item) for key, item in value.items()}
    if isinstance(value, Sequence):
        return [_escape(item) for item in value]
    return value


def _deferred(reference: str) -> bool:
    return reference.split(".", 1)[0] == DEFERRED_ROOT


def _as_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return " ".join(_as_text(item) for item in value)
    return str(value)


def look_up(reference: str, scope: Mapping[str, Any]) -> Any:
    """The value behind a dotted reference; list items by number. Raises ``DagError`` naming what is missing."""
    value: Any = scope
    done: list[str] = []
    for part in reference.split("."):
        found = None
        if isinstance(value, Mapping) and part in value:
            found = value[part]
        elif isinstance(value, (list, tuple)) and part.isdecimal() and int(part) < len(value):
            found = value[int(part)]
        else:
            known = sorted(value) if isinstance(value, Mapping) else []
            where = f"'{'.'.join(done)}'" if done else "the experiment"
            hint = f" It has: {', '.join(known)}." if known else ""
            raise DagError(f"${{{reference}}} refers to '{part}', which {where} does not have.{hint}")
        value = found
        done.append(part)
    return value
