"""A session lives exactly as long as its lock file is locked."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from airavata_adapters.sqlite.sessions import Sessions
from airavata_workload.domain.errors import ConflictError, InputError

HOLD = """
import sys
from pathlib import Path
from airavata_adapters.sqlite.sessions import Sessions
Sessions(Path(sys.argv[1])).hold("child")
print("held", flush=True)
sys.stdin.read()
"""


def test_a_session_lives_while_it_is_held(tmp_path: Path) -> None:
    ours, theirs = Sessions(tmp_path), Sessions(tmp_path)
    assert not theirs.alive("engine")
    ours.hold("engine")
    ours.hold("engine")
    assert ours.alive("engine")
    assert theirs.alive("engine")
    ours.let_go("engine")
    assert theirs.alive("engine")
    ours.let_go("engine")
    assert not theirs.alive("engine")
    assert not ours.alive("engine")
    assert list((tmp_path / "sessions").iterdir()) == []


def test_a_session_of_a_living_process_is_refused(tmp_path: Path) -> None:
    ours, theirs = Sessions(tmp_path), Sessions(tmp_path)
    ours.hold("engine")
    with pytest.raises(ConflictError, match="engine"):
        theirs.hold("engine")
    ours.let_go("engine")
    theirs.hold("engine")
    theirs.let_go("engine")


def test_nobody_has_the_empty_session(tmp_path: Path) -> None:
    assert not Sessions(tmp_path).alive("")


@pytest.mark.parametrize("name", ["", "../up", "a/b", ".hidden", "a b", "a\nb", "x" * 201, "ü"])
def test_a_name_that_is_no_plain_file_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="cannot name a session"):
        Sessions(tmp_path).hold(name)


def test_a_killed_process_ends_its_session_and_its_file_is_swept_away(tmp_path: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "held\n"
    sessions = Sessions(tmp_path)
    assert sessions.alive("child")
    child.kill()
    child.communicate(timeout=30)
    assert not sessions.alive("child")
    sessions.hold("engine")
    assert [path.name for path in (tmp_path / "sessions").iterdir()] == ["engine.lock"]
    sessions.let_go("engine")


def test_looking_and_holding_at_the_same_time(tmp_path: Path) -> None:
    ours, theirs = Sessions(tmp_path), Sessions(tmp_path)
    ours.hold("engine")
    ours.let_go("engine")
    for _ in range(50):
        ours.hold("engine")
        assert theirs.alive("engine")
        ours.let_go("engine")
        assert not theirs.alive("engine")
