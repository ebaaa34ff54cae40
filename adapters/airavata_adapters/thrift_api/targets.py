"""What an entry of a method table may be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Constant:
    """A method that answers the same to everybody, whatever its arguments: it is answered without being decoded."""

    value: str


Target = tuple[str, str] | Callable[..., Any] | Constant
"""(attribute of ``Api``, method of it); or, where the shapes differ, a function of (api, caller, arguments ...)."""

Table = Mapping[str, Target]
"""Targets by the name of the Thrift method."""
