"""docs/how-to/write-a-task-plugin.md, done word for word: its files are written, its commands run, its output compared.

In the page a line with nothing but a file name in backquotes and a colon names
the block after it; blocks in ``sh`` are run; a block in ``text`` holds lines
that the commands before it must have printed.
"""

from __future__ import annotations

import os
import re
import subprocess
import sysconfig
import venv
from dataclasses import dataclass
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "write-a-task-plugin.md"
_BLOCK = re.compile(
    r"(?:^`(?P<file>[^`\n]+)`:\n\n)?^```(?P<language>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Block:
    line: int
    language: str
    file: str | None
    text: str


def blocks() -> list[Block]:
    page = PAGE.read_text(encoding="utf-8")
    return [
        Block(page.count("\n", 0, found.start()) + 1, found["language"], found["file"], found["text"])
        for found in _BLOCK.finditer(page)
    ]


@pytest.fixture
def reader(tmp_path: Path) -> dict[str, str]:
    """The environment of a reader with an active virtual environment of their own, which holds what ours holds."""
    place = tmp_path / "venv"
    venv.create(place, with_pip=False, symlinks=True)
    python = place / "bin" / "python"
    site = sysconfig.get_path("purelib", vars={"base": str(place), "platbase": str(place)})
    ours = sysconfig.get_path("purelib")
    Path(site, "ours.pth").write_text(f"import site; site.addsitedir({ours!r})\n", encoding="utf-8")
    program = place / "bin" / "airavata-workload"
    program.write_text(f"#!{python}\nimport sys\nfrom airavata_workload.cli.main import main\nsys.exit(main())\n")
    program.chmod(0o755)
    home = tmp_path / "home"
    home.mkdir()
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "PYTHON", "TOX"))}
    return {
        **inherited,
        "HOME": str(home),
        "PATH": f"{place}/bin:{os.environ['PATH']}",
        "VIRTUAL_ENV": str(place),
        "AIRAVATA_WORKLOAD_HOME": str(home / "workload"),
        # The reader's pip fetches setuptools; ours takes the one that is there. To pip, "0" is "no isolation".
        "PIP_NO_BUILD_ISOLATION": "0",
        "PIP_NO_INDEX": "1",
        "PIP_NO_DEPS": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_ROOT_USER_ACTION": "ignore",
    }


class Reader:
    """Does what the page says, in a folder."""

    def __init__(self, environment: dict[str, str], folder: Path) -> None:
        self.environment = environment
        self.folder = folder
        self.printed = ""

    def follow(self, block: Block) -> None:
        if block.file is not None:
            (self.folder / block.file).write_text(block.text, encoding="utf-8")
        elif block.language == "sh":
            self.printed = self._run(block)
        else:
            for line in block.text.splitlines():
                assert _plain(line) in _plain(self.printed), (
                    f"line {block.line}: {line!r} was not printed:\n{self.printed}"
                )

    def _run(self, block: Block) -> str:
        where = self.folder.parent / ".where"
        script = f'set -eu\n{block.text}\npwd >"$WHERE"\n'
        done = subprocess.run(
            ["sh", "-c", script],
            cwd=self.folder,
            env={**self.environment, "WHERE": str(where)},
            capture_output=True,
            text=True,
            timeout=110,
        )
        assert done.returncode == 0, f"line {block.line}: {block.text}\n{done.stdout}\n{done.stderr}"
        self.folder = Path(where.read_text().removesuffix("\n"))
        return done.stdout


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


@pytest.fixture
def in_the_readers_folder(reader: dict[str, str], tmp_path: Path) -> Reader:
    folder = tmp_path / "work" / "here"
    folder.mkdir(parents=True)
    return Reader(reader, folder)


def test_every_block_is_a_file_a_command_or_its_output() -> None:
    found = blocks()
    assert PAGE.read_text(encoding="utf-8").count("\n```") == 2 * len(found), "a block was not understood"
    for block in found:
        assert (block.file is not None) != (block.language in ("sh", "text")), f"line {block.line}"


@pytest.mark.slow
def test_a_reader_who_follows_the_page_gets_there(in_the_readers_folder: Reader) -> None:
    for block in blocks():
        in_the_readers_folder.follow(block)
    assert (in_the_readers_folder.folder / "results" / "lines.txt").exists()
