"""Whatever links there are, and whatever path is asked for: what is reached lies inside, and is what is meant."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airavata_adapters.gateway_storage.confined_directory import ConfinedDirectory

NAMES = st.sampled_from(["a", "b", "c", "..", ".", ""])
PATHS = st.lists(NAMES, min_size=1, max_size=6).map("/".join)
PLACES = st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=3).map("/".join)
TREES = st.lists(st.tuples(PLACES, st.none() | PATHS), max_size=6)


def build(root: Path, tree: list[tuple[str, str | None]]) -> None:
    """Files, and links with the texts given; beside the root there is something to reach."""
    root.mkdir()
    for name in ("a", "b"):
        (root.parent / name).write_text("outside")
    for place, target in tree:
        with contextlib.suppress(OSError):  # what is there already stays
            path = root / place
            path.parent.mkdir(parents=True, exist_ok=True)
            if target is None:
                path.write_text("inside")
            elif path.parent.resolve().is_relative_to(root):
                path.symlink_to(target or ".")


@given(tree=TREES, path=PATHS)
def test_what_is_reached_is_inside(
    tmp_path_factory: pytest.TempPathFactory, tree: list[tuple[str, str | None]], path: str
) -> None:
    root = tmp_path_factory.mktemp("confined") / "root"
    build(root, tree)
    before = sorted(os.listdir(root.parent))
    with ConfinedDirectory(root) as files:
        with contextlib.suppress(OSError):
            found = files.stat(path)
            there = (root / os.path.normpath("/" + path).lstrip("/")).resolve()
            assert there.is_relative_to(root)
            assert found.st_ino == there.stat().st_ino
        with contextlib.suppress(OSError):
            descriptor = files.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            try:
                assert Path(f"/proc/self/fd/{descriptor}").resolve().is_relative_to(root)
            finally:
                os.close(descriptor)
        for change in (files.make_directory, files.remove, files.remove_directory):
            with contextlib.suppress(OSError):
                change(path)
        with contextlib.suppress(OSError):
            files.rename("/a", path, replace=True)
    assert sorted(os.listdir(root.parent)) == before
    assert (root.parent / "a").read_text() == "outside"


@given(st.text(max_size=20))
def test_any_text_is_a_path_or_refused(tmp_path_factory: pytest.TempPathFactory, path: str) -> None:
    root = tmp_path_factory.mktemp("any")
    with ConfinedDirectory(root) as files, contextlib.suppress(OSError, ValueError):
        files.stat(path)


def test_a_depth_beyond_all_use_is_refused(tmp_path: Path) -> None:
    with ConfinedDirectory(tmp_path) as files:
        for depth in range(1, 130):
            files.make_directory("/d" * depth)
        with pytest.raises(OSError, match="too long"):
            files.make_directory("/d" * 130)
