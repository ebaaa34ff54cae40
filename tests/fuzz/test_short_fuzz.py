"""A short run of every fuzz target with a fixed seed; ``tox -e fuzz`` makes long ones."""

from __future__ import annotations

import platform
import sys
from pathlib import Path

import pytest
from fuzz.fuzzer import again, fuzz
from fuzz.targets import TARGETS

RUNS = {"scanner": 10_000, "decoder": 3_000, "server": 1_500}
"""Inputs: ten seconds each at most, of which starting takes half."""

HAS_WHEEL = (
    sys.implementation.name == "cpython"
    and (3, 11) <= sys.version_info[:2] <= (3, 13)
    and (sys.platform, platform.machine()) == ("linux", "x86_64")
)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not HAS_WHEEL, reason="atheris is built for CPython 3.11 to 3.13 on Linux x86_64 only"),
]


@pytest.mark.parametrize("name", TARGETS)
@pytest.mark.timeout(600)
def test_nothing_is_found(name: str) -> None:
    outcome = fuzz(name, runs=RUNS[name], seed=20261)
    assert outcome.clean, f"{outcome.finding}\n{outcome.told}"
    assert outcome.inputs >= RUNS[name]


def test_a_fault_is_found_and_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The means themselves: a reader of texts that lets everything pass is noticed."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (tmp_path / "sitecustomize.py").write_text(
        "import airavata_adapters.thrift_api.message_scanner as scanner\n"
        "scanner.MessageScanner._head_bytes = lambda self, kind: 4\n"
    )
    bad = tmp_path / "input"
    bad.write_bytes(b"\x01" + bytes.fromhex("800100010000000178000000016300010000000000"))
    outcome = again("scanner", bad)
    assert not outcome.clean
    assert outcome.told
