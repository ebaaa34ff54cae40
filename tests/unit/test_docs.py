"""What the documentation tells people to type and to write: commands exist, files load, links lead somewhere.

In a page a line with nothing but a file name in backquotes and a colon names
the block after it. The tutorial's blocks in ``sh`` are run, and those in
``text`` hold lines that the commands before them must have printed.
"""

from __future__ import annotations

import configparser
import os
import pty
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import typer
import yaml
from pydantic import BaseModel, ConfigDict

from airavata_workload.cli.main import PROGRAM, command_line
from airavata_workload.documents.cluster_file import ClusterModel, load_cluster
from airavata_workload.documents.dag_directory import parameter_models
from airavata_workload.documents.dag_file import parse_dag
from airavata_workload.documents.experiment_file import parse_experiment
from airavata_workload.documents.experiment_model import ExperimentModel
from airavata_workload.settings import FILE_VARIABLE, HOME_VARIABLE, Settings, load_settings

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
TUTORIAL = DOCS / "tutorial" / "first-experiment.md"
BATCH_SYSTEM_PAGE = DOCS / "how-to" / "write-a-batch-system.md"
LAUNCHER_ONLY = ("test",)
"""What ``./workload`` does itself."""

_BLOCK = re.compile(
    r"(?:^`(?P<file>[^`\n]+)`:\n\n)?^```(?P<language>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)
_INLINE = re.compile(r"(?<!`)`((?:airavata-workload|\./workload)\s+[a-z][^`]*)`(?!`)")
_LINK = re.compile(r"(?<!\\)\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6} (.+?)#*$", re.MULTILINE)
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_DURATION = re.compile(r"\d+\.\d s\b")


@dataclass(frozen=True, slots=True)
class Block:
    page: Path
    line: int
    language: str
    file: str | None
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks(page: Path) -> list[Block]:
    text = page.read_text("utf-8")
    return [
        Block(page, text.count("\n", 0, found.start()) + 1, found["language"], found["file"], found["text"])
        for found in _BLOCK.finditer(text)
    ]


def all_blocks(*languages: str) -> list[Block]:
    return [block for page in PAGES for block in blocks(page) if block.language in languages]


def without_blocks(text: str) -> str:
    return re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)


# -- commands -----------------------------------------------------------------------


def calls(line: str) -> Iterator[list[str]]:
    """The arguments of each call of the program in a line of shell."""
    words = shlex.shlex(line, posix=True, punctuation_chars=True)
    words.whitespace_split = True
    segment: list[str] = []
    for word in [*words, ";"]:
        if set(word) <= set(";|&<>()"):
            yield from _call(segment)
            segment = []
        else:
            segment.append(word)


def _call(words: list[str]) -> Iterator[list[str]]:
    for number, word in enumerate(words):
        if word in (PROGRAM, "./workload") or word.endswith(f"/bin/{PROGRAM}"):
            yield words[number + 1 :]
            return


def typed() -> Iterator[tuple[str, list[str]]]:
    """Every call of the program in a block, with its place."""
    for block in all_blocks("sh", "console"):
        lines = block.text.replace("\\\n", " ").splitlines()
        if block.language == "console":
            lines = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
        for line in lines:
            for arguments in calls(line):
                yield f"{block}: {line}", arguments


def mentioned() -> Iterator[tuple[str, list[str]]]:
    """Every call in running text; it may leave out what the command is about."""
    for page in PAGES:
        for inline in _INLINE.findall(without_blocks(page.read_text("utf-8"))):
            for arguments in calls(inline):
                yield f"{page.relative_to(ROOT)}: {inline}", arguments


def parse(arguments: list[str]) -> None:
    """Parse as the program would. Raises what it would tell of."""
    command: Any = command_line()
    context = typer.Context(command, info_name=PROGRAM)
    while hasattr(command, "commands"):
        name, command, arguments = command.resolve_command(context, list(arguments))
        context = typer.Context(command, parent=context, info_name=name)
    command.make_context(context.info_name, list(arguments), parent=context.parent)


def test_every_command_that_a_page_shows_can_be_typed() -> None:
    wrong = []
    found = 0
    for place, arguments in typed():
        if not arguments or arguments[0] in LAUNCHER_ONLY or arguments[0].isupper():
            continue
        found += 1
        try:
            parse(arguments)
        except typer.TyperException as error:
            wrong.append(f"{place}\n    {error.format_message()}")
    assert found > 60, "the commands are found"
    assert not wrong, "\n".join(wrong)


def test_every_command_that_a_page_mentions_exists() -> None:
    wrong = []
    for place, arguments in mentioned():
        try:
            parse(arguments)
        except typer.TyperException as error:
            if not error.format_message().startswith("Missing argument"):
                wrong.append(f"{place}\n    {error.format_message()}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    "line",
    [
        "airavata-workload runn x.toml",
        "airavata-workload list --stat failed",
        "sudo -u a B=c /opt/bin/airavata-workload show",
    ],
)
def test_a_wrong_command_is_noticed(line: str) -> None:
    ((arguments),) = calls(line)
    with pytest.raises(typer.TyperException):
        parse(arguments)


# -- files --------------------------------------------------------------------------


def load_toml(block: Block, folder: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    """The block through the loader of the file that it is, or is a part of."""
    content = tomllib.loads(block.text)
    if "build-system" in content:
        return content
    if content and set(content) <= set(ExperimentModel.model_fields):
        return parse_experiment(block.text, folder / "experiment.toml", check_files=False)
    if content and set(content) <= set(ClusterModel.model_fields):
        path = folder / "cluster.toml"
        scratch = "" if "scratch_directory" in content else 'scratch_directory = "/scratch"\n'
        path.write_text(scratch + block.text)
        return load_cluster(path, folder)
    assert set(content) <= set(Settings.model_fields), "it is of no file that we know"
    path = folder / "config.toml"
    path.write_text(block.text)
    monkeypatch.setenv(FILE_VARIABLE, str(path))
    monkeypatch.setenv(HOME_VARIABLE, str(folder))
    return load_settings()


@pytest.mark.parametrize("block", all_blocks("toml"), ids=str)
def test_a_toml_example_loads(block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_toml(block, tmp_path, monkeypatch)


class _Anything(BaseModel):
    """Parameters of a plugin that only exists in a page."""

    model_config = ConfigDict(extra="allow")


@pytest.mark.parametrize("block", all_blocks("yaml"), ids=str)
def test_a_dag_example_loads(block: Block) -> None:
    kinds = {**parameter_models(), "line-count": _Anything}
    dag = parse_dag(block.text, Path(f"{block.file or 'example.yaml'}"), kinds)
    assert dag.nodes


@pytest.mark.parametrize("block", all_blocks("ini"), ids=str)
def test_an_ini_example_can_be_read(block: Block) -> None:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.read_string(block.text)
    for section in parser.sections():
        for arguments in calls(parser[section].get("ExecStart", "")):
            parse(arguments)
    assert parser.sections()


def test_the_code_in_the_page_on_batch_systems_is_that_of_the_example() -> None:
    sources = "\n".join(path.read_text("utf-8") for path in (ROOT / "tests" / "third_party").rglob("*.py"))
    shown = [block for block in blocks(BATCH_SYSTEM_PAGE) if block.language == "python"]
    assert shown
    for block in shown:
        assert block.text in sources, f"{block} is not in tests/third_party"


# -- pages --------------------------------------------------------------------------


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings. Source: Python-Markdown, extension toc, ``slugify``."""
    found = set()
    for heading in _HEADING.findall(without_blocks(text)):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        found.add(re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", plain).strip().lower()))
    return found


@pytest.mark.parametrize("page", [*PAGES, ROOT / "README.md"], ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    text = page.read_text("utf-8")
    for target in _LINK.findall(without_blocks(text)):
        if re.match(r"https?://", target):
            continue
        path, _, anchor = unquote(target).partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.exists(), f"{target}: there is no {there}"
        assert not anchor or anchor in anchors(there.read_text("utf-8")), f"{target}: there is no such heading"


def test_every_page_is_in_the_navigation() -> None:
    navigation = yaml.safe_load((ROOT / "mkdocs.yml").read_text("utf-8"))["nav"]
    listed = set(re.findall(r"[\w/-]+\.md", str(navigation)))
    assert listed == {str(page.relative_to(DOCS)) for page in PAGES}


# -- the tutorial ---------------------------------------------------------------------


class Reader:
    """Does what the tutorial says, on a terminal of their own."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.folder = self.home
        self.home.mkdir()
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AIRAVATA", "PYTEST"))}
        programs = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        terminal = {"TERM": "xterm", "COLUMNS": "240", "NO_COLOR": "1"}
        self.environment = {**kept, **terminal, "HOME": str(self.home), "PATH": programs}
        self.printed = ""

    def follow(self, block: Block) -> None:
        if block.file is not None:
            path = self.folder / block.file.replace("~", str(self.home))
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text, "utf-8")
        elif block.language == "sh":
            self.printed = self._run(block)
        elif block.language == "text":
            for line in filter(str.strip, block.text.splitlines()):
                assert _plain(line) in _plain(self.printed), f"{block}: {line!r} was not printed:\n{self.printed}"

    def _run(self, block: Block) -> str:
        where = self.home / ".where"
        ours, theirs = pty.openpty()
        script = f'set -eu\n{block.text}\npwd >"$HOME/.where"\n'
        with subprocess.Popen(
            ["sh", "-c", script], cwd=self.folder, env=self.environment, stdout=theirs, stderr=theirs
        ) as process:
            os.close(theirs)
            printed = _everything(ours)
        said = _CONTROL.sub("", printed.decode("utf-8")).replace(str(self.home), "/home/ada")
        assert process.returncode == 0, f"{block}: {block.text}\n{said}"
        self.folder = Path(where.read_text().removesuffix("\n"))
        return said


def _everything(terminal: int) -> bytes:
    pieces = []
    while True:
        try:
            piece = os.read(terminal, 65536)
        except OSError:  # EIO, Linux's way to say that the other side is closed
            piece = b""
        if not piece:
            os.close(terminal)
            return b"".join(pieces)
        pieces.append(piece)


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", _DURATION.sub("0.0 s", text)).strip()


def test_a_reader_of_the_tutorial_gets_there(tmp_path: Path) -> None:
    reader = Reader(tmp_path)
    for block in blocks(TUTORIAL):
        reader.follow(block)
    assert (reader.home / "kepler" / "results" / "ratios.txt").read_text().count("1.00") == 8
