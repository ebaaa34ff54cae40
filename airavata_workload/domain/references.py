"""References ``${root.name...}`` in the parameters of a DAG.

A string that is one reference and nothing else becomes the value itself, of
whatever type; references inside a longer string become text. An item of a list
that is ``${*root.name}`` becomes the items of the list behind it.

``$${`` stands for a literal ``${``, and ``${$}`` for a literal ``$`` (needed
only right before a reference). Nothing here reaches a shell: whoever builds a
command quotes the resolved words.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from airavata_workload.domain.errors import DagError

_REFERENCE = re.compile(r"\$\$\{|\$\{([^{}]*)\}")
_WHOLE = re.compile(r"\$\{([^{}]*)\}")
_DOLLAR = "$"
_SPREAD = "*"

DEFERRED_ROOT = "tasks"
"""References to outputs of tasks are resolved when the task becomes ready, all others when the DAG is loaded."""


def find(value: Any) -> Iterator[str]:
    """All references in a JSON value, without their ``${}``."""
    if isinstance(value, str):
        for match in _REFERENCE.finditer(value):
            if match.group(1) not in (None, _DOLLAR):
                yield match.group(1).removeprefix(_SPREAD)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from find(item)
    elif isinstance(value, Sequence):
        for item in value:
            yield from find(item)


def unclosed(text: str) -> bool:
    """Whether the text holds a ``${`` that begins no reference, most likely for want of its ``}``."""
    return "${" in _REFERENCE.sub("", text)


def resolve(value: Any, scope: Mapping[str, Any], *, defer: bool = False) -> Any:
    """The JSON value with its references replaced from ``scope``.

    With ``defer`` references to ``tasks`` stay as they are, and whatever else
    the text holds is protected, so that a second pass without ``defer`` gives
    what one pass over everything would have given. Raises ``DagError`` for a
    reference to something that is not in the scope.
    """
    if isinstance(value, str):
        return _resolve_text(value, scope, defer)
    if isinstance(value, Mapping):
        return {key: resolve(item, scope, defer=defer) for key, item in value.items()}
    if isinstance(value, Sequence):
        return [item for each in value for item in _resolve_item(each, scope, defer)]
    return value


def _resolve_item(item: Any, scope: Mapping[str, Any], defer: bool) -> list[Any]:
    """What an item of a list becomes: itself resolved, or several items where it spreads a list."""
    whole = _WHOLE.fullmatch(item) if isinstance(item, str) else None
    if whole is None or not whole.group(1).startswith(_SPREAD) or (defer and _deferred(whole.group(1))):
        return [resolve(item, scope, defer=defer)]
    value = look_up(whole.group(1).removeprefix(_SPREAD), scope)
    if not isinstance(value, (list, tuple)):
        raise DagError(f"{item} spreads a list, but what it refers to is {value!r}.")
    return [_protect(each) if defer else each for each in value]


def _resolve_text(text: str, scope: Mapping[str, Any], defer: bool) -> Any:
    if "${" not in text:
        return text
    whole = _WHOLE.fullmatch(text)
    if whole and whole.group(1) != _DOLLAR:
        if defer and _deferred(whole.group(1)):
            return text
        value = look_up(whole.group(1).removeprefix(_SPREAD), scope)
        return _protect(value) if defer else value
    pieces: list[str] = []
    end = 0
    for match in _REFERENCE.finditer(text):
        pieces.append(_literal(text[end : match.start()], defer))
        pieces.append(_piece(match, scope, defer))
        end = match.end()
    pieces.append(_literal(text[end:], defer))
    return "".join(pieces)


def _piece(match: re.Match[str], scope: Mapping[str, Any], defer: bool) -> str:
    reference = match.group(1)
    if reference is None:
        return _literal("${", defer)
    if reference == _DOLLAR:
        return _literal("$", defer)
    if defer and _deferred(reference):
        return match.group(0)
    return _literal(_as_text(look_up(reference.removeprefix(_SPREAD), scope)), defer)


def _literal(text: str, defer: bool) -> str:
    """Text as it is or, before a second pass, with every dollar sign spelt as a reference.

    Spelling only ``${`` differently would not do: a value that ends in ``$``
    may be followed by text that begins with a brace, or by a reference.
    """
    return text.replace("$", "${$}") if defer else text


def _protect(value: Any) -> Any:
    """A whole value that a second pass leaves as it is."""
    if isinstance(value, str):
        return _literal(value, True) if "${" in value else value
    if isinstance(value, Mapping):
        return {key: _protect(item) for key, item in value.items()}
    if isinstance(value, Sequence):
        return [_protect(item) for item in value]
    return value


def _deferred(reference: str) -> bool:
    return reference.removeprefix(_SPREAD).split(".", 1)[0] == DEFERRED_ROOT


def _as_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return " ".join(_as_text(item) for item in value)
    if isinstance(value, Mapping):
        return json.dumps(value, ensure_ascii=False)
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
