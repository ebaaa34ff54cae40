"""Whatever a user writes reaches the far side as it is, and nowhere else."""

from __future__ import annotations

import posixpath
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from airavata_plugins.places import Place, absolute, inside
from airavata_plugins.remote_files import find_files
from airavata_plugins.words import exports, quoted
from airavata_workload.domain.cluster import Cluster
from airavata_workload.testing.machines import Machines

WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0/*?"), min_size=1, max_size=40)
MACHINES = Machines([Cluster(name="here", remote_shell="local")])


def sh(script: str) -> bytes:
    return subprocess.run(["sh", "-c", script], capture_output=True, check=True, timeout=30).stdout


@pytest.fixture(scope="module", autouse=True)
def _machines_closed() -> Iterator[None]:
    yield
    MACHINES.close()


@given(st.lists(WORDS, max_size=5))
@settings(max_examples=60)
def test_quoted_words_are_these_words_to_the_shell(words: list[str]) -> None:
    seen = sh(f"for word in {quoted(words)}; do printf '%s\\0' \"$word\"; done" if words else "true")
    assert seen == b"".join(word.encode() + b"\0" for word in words)


@given(WORDS)
@settings(max_examples=60)
def test_a_variable_has_its_literal_value(value: str) -> None:
    assert sh(f"{exports({'A_VALUE': value})}printenv A_VALUE") == value.encode() + b"\n"


@given(st.text(st.sampled_from("./ab\0"), max_size=12))
@example("a/../../b")
@example("./..")
def test_an_inside_path_stays_inside(path: str) -> None:
    try:
        accepted = inside(path)
    except ValueError:
        return
    assert posixpath.normpath(posixpath.join("/base", accepted)).startswith("/base/")
    assert posixpath.normpath(posixpath.join("/work", path)) == posixpath.join("/work", accepted)


@given(st.text(st.sampled_from("./ab:\0"), max_size=12))
def test_a_place_is_read_as_it_is_written(text: str) -> None:
    try:
        place = Place.parse(text)
    except ValueError:
        return
    assert Place.parse(str(place)) == place
    assert absolute(place.path) == place.path
    assert ".." not in place.path.split("/")


@given(NAMES)
@settings(max_examples=60, deadline=None)
@example("-n")
@example("[ab]")
@example("$(true)\n'\"")
def test_a_file_is_found_by_its_exact_name_and_no_other(name: str) -> None:
    assume(name not in (".", "..") and len(name.encode()) < 250)
    with tempfile.TemporaryDirectory() as directory:
        Path(directory, name).touch()
        Path(directory, name + "x").touch()
        (matches,) = find_files(MACHINES.shell("here"), directory, [name], lambda: False)
        assert [(match.path, match.inside) for match in matches] == [(name, True)]
        (both,) = find_files(MACHINES.shell("here"), directory, [f"{name}*"], lambda: False)
        assert [match.path for match in both] == [name, name + "x"]
