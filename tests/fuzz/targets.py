"""What can be fuzzed, by name."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Protocol


class FuzzTarget(Protocol):
    """Made with a folder of its own. Raises for an input that shows a fault."""

    def seeds(self) -> Iterator[bytes]:
        """Inputs to begin with."""

    def __call__(self, data: bytes) -> None:
        """Try one input."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a target is, and how long an input may be. Its module is imported when it is asked for."""

    module_name: str
    class_name: str
    max_input_bytes: int

    def module(self) -> ModuleType:
        """The module."""
        return importlib.import_module(f"fuzz.{self.module_name}")

    def factory(self) -> Callable[[Path], FuzzTarget]:
        """What makes the target."""
        made: Callable[[Path], FuzzTarget] = getattr(self.module(), self.class_name)
        return made


TARGETS = {
    "scanner": Entry("scanner_target", "ScannerTarget", 4_096),
    "decoder": Entry("decoder_target", "DecoderTarget", 8_192),
    "server": Entry("server_target", "ServerTarget", 8_192),
}
INSTRUMENTED: Sequence[str] = (
    "airavata_adapters.thrift_api",
    "airavata_workload.api",
    "airavata_workload.records",
    "thrift.protocol.TBinaryProtocol",
    "thrift.protocol.TProtocol",
)
"""Modules whose coverage guides the fuzzer."""
