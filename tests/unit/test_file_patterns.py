from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from airavata_adapters.file_transfers.file_patterns import Entry, select, shell_glob, walk
from airavata_workload.domain.errors import InputError
from airavata_workload.ports.file_transfer import RemoteFile

PATHS = ["a.txt", "b.log", ".hidden", "sub/c.txt", "sub/.d/e.txt", "[x].txt", "new\nline", "é"]


def chosen(pattern: str) -> list[str]:
    files = [RemoteFile(path=path, size_bytes=1) for path in PATHS]
    return [file.path for file in select([pattern], files)[pattern]]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*", ["[x].txt", "a.txt", "b.log", "new\nline", "é"]),
        ("*.txt", ["[x].txt", "a.txt"]),
        ("?", ["é"]),
        ("[x].txt", ["[x].txt"]),
        ("new?line", ["new\nline"]),
        (".*", [".hidden"]),
        ("*/*", ["sub/c.txt"]),
        ("sub/.d/*", ["sub/.d/e.txt"]),
        ("sub//c.txt", ["sub/c.txt"]),
        ("a?txt", ["a.txt"]),
        ("a+txt", []),
    ],
)
def test_only_stars_and_question_marks_are_wild(pattern: str, expected: list[str]) -> None:
    assert chosen(pattern) == expected


@pytest.mark.parametrize("pattern", ["", "/a", "..", "a/../b", "a\0"])
def test_patterns_that_lead_out_are_refused(pattern: str) -> None:
    with pytest.raises(InputError):
        walk([pattern], lambda _: [])


def test_only_directories_that_a_pattern_needs_are_listed() -> None:
    listed = []

    def list_directory(path: str) -> list[Entry]:
        listed.append(path)
        return [Entry("d1", 0, False, True), Entry("d2", 0, False, True), Entry("f", 7, True, False)]

    found = walk(["d1/f", "f"], list_directory)
    assert {pattern: [file.path for file in files] for pattern, files in found.items()} == {
        "d1/f": ["d1/f"],
        "f": ["f"],
    }
    assert sorted(listed) == ["", "d1"]


@pytest.mark.parametrize("pattern", ["$(touch evil)*", "`touch evil`?", "a b*", "'*", '"?', "\\*", "-*", "[ab]*", "~*"])
def test_a_glob_runs_nothing_and_means_its_characters(pattern: str, tmp_path: Path) -> None:
    name = pattern.replace("*", "1").replace("?", "2")
    (tmp_path / name).touch()
    found = subprocess.run(
        ["sh", "-c", f"printf '%s\\0' {shell_glob(pattern)}"], cwd=tmp_path, capture_output=True, check=True
    )
    assert found.stdout == b"./" + name.encode() + b"\0"
    assert [path.name for path in tmp_path.iterdir()] == [name]
