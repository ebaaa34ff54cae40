"""Experiment files: what is read, and what is refused, with file, line and key."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airavata_workload.documents.duration import seconds_of
from airavata_workload.documents.experiment_file import load_experiment, parse_experiment
from airavata_workload.domain.errors import ExperimentFileError, StagingInputError
from airavata_workload.domain.experiment import DataType, Experiment
from airavata_workload.domain.job import ResourceRequest
from airavata_workload.domain.states import ExperimentState
from airavata_workload.domain.task import Priority

HEAD = '[experiment]\nname = "globins"\napplication_type = "hpc-batch"\ncompute_resource = "alpha"\n'

WHOLE = (
    HEAD
    + """\
description = "a search"
priority = "urgent"
start_not_before = 2026-12-01T00:00:00Z
output_directory = "results"
user = "ada"
gateway = "seed"

[application]
name = "hmmer"
commands = [
    ["hmmbuild", "m.hmm", "${inputs.alignment}"],
    ["echo", "$${HOME}", "${parameters.colour}", "${experiment.user}"],
]
modules = ["hmmer/3"]
environment = {LC_ALL = "C", THREADS = 4}
stderr = "errors.txt"

[inputs]
alignment = {file = "globins4.sto"}
parts = {files = ["a.fasta", "b c.fasta", "alpha:/data/c.fasta"]}
cutoff = 1e-3
count = 7
title = "what's $(this)?"
sizes = [1, 2.5]
words = {value = ["x", "y"], required = false}
nothing = {value = "", required = false}

[outputs]
model = "m.hmm"
logs = {file = "logs/*.log", required = false}

[resources]
node_count = 1
cpu_count = 2
memory_mib = 512
wall_time = "01:30:00"
queue = "debug"
allocation = "abc"
quality_of_service = "high"
reservation = "course"

[parameters]
colour = "blue"
when = 2026-01-02
nested = {deep = [1, {x = true}]}
"""
)
"""Everything that a file can say."""


def load(directory: Path, text: str, *, check_files: bool = True) -> Experiment:
    path = directory / "experiment.toml"
    path.write_text(text, encoding="utf-8")
    return load_experiment(path, check_files=check_files, clock=lambda: 77)


def refused(directory: Path, text: str) -> ExperimentFileError:
    with pytest.raises(ExperimentFileError) as caught:
        load(directory, text)
    assert caught.value.path == directory / "experiment.toml"
    return caught.value


@pytest.fixture
def whole(tmp_path: Path) -> Experiment:
    for name in ("globins4.sto", "a.fasta", "b c.fasta"):
        (tmp_path / name).write_text("x")
    return load(tmp_path, WHOLE)


def test_a_file_says_whose_an_experiment_is_and_when_it_runs(tmp_path: Path, whole: Experiment) -> None:
    assert whole.experiment_id.startswith("globins_")
    assert whole.process_id.startswith("PROCESS_")
    assert whole.state is ExperimentState.CREATED
    assert (whole.priority, whole.start_not_before_us) == (Priority.URGENT, 1_796_083_200_000_000)
    assert (whole.user, whole.gateway, whole.created_at_us) == ("ada", "seed", 77)
    assert whole.output_directory == str(tmp_path / "results")


def test_a_file_says_what_is_run(whole: Experiment) -> None:
    assert whole.application.commands[0] == ("hmmbuild", "m.hmm", "${inputs.alignment}")
    assert whole.application.environment == {"LC_ALL": "C", "THREADS": "4"}
    assert (whole.application.stdout, whole.application.stderr) == ("hmmer.stdout", "errors.txt")
    assert whole.parameters == {"colour": "blue", "when": "2026-01-02", "nested": {"deep": [1, {"x": True}]}}


def test_a_file_says_what_goes_in(tmp_path: Path, whole: Experiment) -> None:
    inputs = {item.name: item for item in whole.inputs}
    assert inputs["alignment"].places == (str(tmp_path / "globins4.sto"),)
    assert inputs["parts"].reference == ["a.fasta", "b c.fasta", "c.fasta"]
    assert {name: (item.type, item.value) for name, item in inputs.items() if not item.places} == {
        "cutoff": (DataType.FLOAT, 0.001),
        "count": (DataType.INTEGER, 7),
        "title": (DataType.STRING, "what's $(this)?"),
        "sizes": (DataType.FLOAT, [1.0, 2.5]),
        "words": (DataType.STRING, ["x", "y"]),
        "nothing": (DataType.STRING, ""),
    }


def test_a_file_says_what_comes_out(whole: Experiment) -> None:
    assert [(item.name, item.path, item.type, item.required) for item in whole.outputs] == [
        ("model", "m.hmm", DataType.URI, True),
        ("logs", "logs/*.log", DataType.URI, False),
        ("stdout", "hmmer.stdout", DataType.STDOUT, False),
        ("stderr", "errors.txt", DataType.STDERR, False),
    ]


def test_a_file_says_what_a_job_asks_for(whole: Experiment) -> None:
    assert whole.resources == ResourceRequest(
        node_count=1,
        cpu_count=2,
        memory_mib=512,
        wall_time_s=5400,
        queue="debug",
        allocation="abc",
        quality_of_service="high",
        reservation="course",
    )


def test_little_is_enough(tmp_path: Path) -> None:
    experiment = load(tmp_path, '[experiment]\napplication_type = "local"\ncompute_resource = "local"\n')
    assert (experiment.name, experiment.application.name, experiment.output_directory) == ("experiment", "local", "")
    assert experiment.user
    assert experiment.start_not_before_us == 0


def test_a_declared_stream_is_not_added_again(tmp_path: Path) -> None:
    experiment = load(tmp_path, HEAD + '[outputs]\nlog = "hpc-batch.stdout"\nstderr = "other.txt"\n')
    assert [(item.name, item.required) for item in experiment.outputs] == [("log", True), ("stderr", True)]


@pytest.mark.parametrize(
    ("more", "line", "key", "words", "suggestion"),
    [
        ('usr = "ada"\n', 5, "experiment.usr", "not a key of [experiment]", "user"),
        ('priority = "high"\n', 5, "experiment.priority", "'normal' or 'urgent', not 'high'", None),
        ('start_not_before = "tomorrow"\n', 5, "experiment.start_not_before", "valid datetime", None),
        ('name = "again"\n', 5, None, "Cannot overwrite", None),
        ("[resource]\n", 5, "resource", "not a key of the file", "resources"),
        ("[resources]\nwall_tme = 3\n", 6, "resources.wall_tme", "not a key of [resources]", "wall_time"),
        ('[resources]\nwall_time = "1:30"\n', 6, "resources.wall_time", "must be a time such as", None),
        ("[resources]\nwall_time = 90\n", 6, "resources.wall_time", "ends in _s", None),
        ("[resources]\nwall_time = '1 h'\nwall_time_s = 9\n", 7, "resources.wall_time_s", "both", None),
        ("[resources]\ncpu_count = 0\n", 6, "resources.cpu_count", "greater than 0", None),
        ("[resources]\ncpu_count = '2'\n", 6, "resources.cpu_count", "valid integer, not '2'", None),
        ("[resources]\ncpu_count = true\n", 6, "resources.cpu_count", "valid integer, not True", None),
        ('[application]\ncommands = ["ls", "-l"]\n', 6, "application.commands", "a list of commands", None),
        (
            '[application]\ncommands = [["a"],\n ["b", 3]]\n',
            7,
            "application.commands[1][1]",
            "valid string, not 3",
            None,
        ),
        ("[application]\ncommands = [[]]\n", 6, "application.commands[0]", "at least 1 item", None),
        ('[application]\nenvironment = {"A B" = "x"}\n', 6, 'application.environment."A B"', "match pattern", None),
        ('[application]\nstdout = "a/b"\n', 6, "application.stdout", "match pattern", None),
        (
            '[application]\ncommands = [["${inputs.alignmnt}"]]\n[inputs]\nalignment = 1\n',
            6,
            "application.commands[0][0]",
            "refers to",
            "${inputs.alignment}",
        ),
        ('[application]\ncommands = [["${HOME}"]]\n', 6, "application.commands[0][0]", "write $${", None),
        (
            '[application]\ncommands = [["${resources.queue}"]]\n',
            6,
            "application.commands[0][0]",
            "it has: nothing",
            None,
        ),
        ('[application]\nenvironment = {A = "${item}"}\n', 6, "application.environment.A", "refers to 'item'", None),
        ("[inputs]\nx = true\n", 6, "inputs.x", "text, a number, or a list", None),
        ("[inputs]\nx = 2026-01-01\n", 6, "inputs.x", "text, a number, or a list", None),
        ("[inputs]\nx = nan\n", 6, "inputs.x", "text, a number, or a list", None),
        ('[inputs]\nx = [1, "a"]\n', 6, "inputs.x", "text, a number, or a list", None),
        ('[inputs]\nx = ""\n', 6, "inputs.x", "is empty", None),
        ("[inputs]\nx = []\n", 6, "inputs.x", "is empty", None),
        ("[inputs]\nx = {value = {}}\n", 6, "inputs.x.value", "text, a number, or a list", None),
        ("[inputs]\n'x.y' = 1\n", 6, 'inputs."x.y"', "must be a name", None),
        ('[inputs]\nx = {fil = "a"}\n', 6, "inputs.x.fil", "not a key of [inputs.x]", "file"),
        ('[inputs]\nx = {file = "a", value = 1}\n', 6, "inputs.x", "one of 'file', 'files' and 'value'", None),
        ("[inputs.x]\nrequired = true\n", 5, "inputs.x", "one of 'file', 'files' and 'value'", None),
        ("[inputs]\nx = {files = []}\n", 6, "inputs.x", "no files", None),
        ('[inputs]\nx = {file = ""}\n', 6, "inputs.x.file", "names no file", None),
        ('[inputs]\nx = {file = "http://example.org/a"}\n', 6, "inputs.x.file", "URL", None),
        ('[inputs]\nx = {files = ["a",\n "dir/"]}\n', 7, "inputs.x.files[1]", "directory", None),
        ('[outputs]\nx = "/etc/passwd"\n', 6, "outputs.x", "in the working directory", None),
        ('[outputs]\nx = {file = "a/../../b"}\n', 6, "outputs.x.file", "in the working directory", None),
        ("[outputs]\nx = 5\n", 6, "outputs.x", "must name a file or a pattern", None),
        ("[outputs]\nx = {required = false}\n", 6, "outputs.x.file", "lacks 'file'", None),
        ("[parameters]\nx = {y = [inf]}\n", 6, "parameters.x.y[0]", "finite", None),
        ('[parameters]\nx = "a\\u0000b"\n', 6, "parameters.x", "cannot hold", None),
        ("[inputs\n", 5, None, "column", None),
    ],
)
def test_what_is_wrong_is_named(
    tmp_path: Path, more: str, line: int, key: str | None, words: str, suggestion: str | None
) -> None:
    error = refused(tmp_path, HEAD + more)
    assert words in str(error)
    assert (error.line, error.key, error.suggestion) == (line, key, suggestion)
    assert str(error).startswith(f"{tmp_path / 'experiment.toml'}:{line}: ")
    assert error.exit_code == 2


def test_a_missing_section_says_what_it_is_for(tmp_path: Path) -> None:
    assert "lacks 'experiment'. It is: what to run and where" in str(refused(tmp_path, "[inputs]\nx = 1\n"))
    assert "lacks 'application_type'" in str(refused(tmp_path, '[experiment]\ncompute_resource = "x"\n'))


@pytest.mark.parametrize(
    ("line", "resource", "candidates"),
    [
        ('compute_resource = "alpha"', "alpha", None),
        ('compute_resource = ["alpha"]', "alpha", None),
        ('compute_resource = ["alpha", "beta"]', "", ("alpha", "beta")),
        ("compute_resource = []", "", ()),
        ("", "", ()),
    ],
)
def test_where_it_runs_may_be_left_open(
    tmp_path: Path, line: str, resource: str, candidates: tuple[str, ...] | None
) -> None:
    experiment = load(tmp_path, f'[experiment]\napplication_type = "x"\n{line}\nneeds = ["gpu"]\n')
    assert (experiment.compute_resource, experiment.candidates, experiment.needs) == (resource, candidates, ("gpu",))


def input_error(directory: Path, inputs: str) -> StagingInputError:
    with pytest.raises(StagingInputError) as caught:
        load(directory, f"{HEAD}[inputs]\n{inputs}\n")
    return caught.value


def test_a_missing_file_names_itself_and_its_input(tmp_path: Path) -> None:
    error = input_error(tmp_path, 'alignment = {file = "none here.sto"}')
    assert str(error) == (
        f"{tmp_path / 'experiment.toml'}:6: input 'alignment': {tmp_path / 'none here.sto'} does not exist."
    )
    assert error.user_message.startswith("Input 'alignment': ")


def test_other_unusable_files_are_named(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    (tmp_path / "full").write_text("x")
    (tmp_path / "directory").mkdir()
    os.mkfifo(tmp_path / "pipe")
    assert "empty is empty" in str(input_error(tmp_path, 'x = {files = ["full", "empty"]}'))
    assert "is a directory" in str(input_error(tmp_path, 'x = {file = "directory"}'))
    assert "not a regular file" in str(input_error(tmp_path, 'x = {file = "pipe"}'))
    assert "cannot be read" in str(input_error(tmp_path, 'x = {file = "full/below"}'))
    assert "cannot be read: File name too long" in str(input_error(tmp_path, f'x = {{file = "{"n" * 300}"}}'))


def test_an_unreadable_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret").write_text("x")
    opened = Path.open

    def refuse(self: Path, *arguments: object, **options: object) -> object:
        # The tests may run as root, who may read everything.
        if self.name == "secret":
            raise PermissionError(13, "Permission denied")
        return opened(self, *arguments, **options)  # type: ignore[arg-type,call-overload]

    monkeypatch.setattr(Path, "open", refuse)
    assert "secret cannot be read: Permission denied" in str(input_error(tmp_path, 'x = {file = "secret"}'))


def test_a_file_that_is_not_required_may_be_missing_or_empty(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    text = HEAD + '[inputs]\na = {file = "none", required = false}\nb = {file = "empty", required = false}\n'
    assert [item.required for item in load(tmp_path, text).inputs] == [False, False]


def test_files_are_not_looked_at_when_the_caller_says_so(tmp_path: Path) -> None:
    text = HEAD + '[inputs]\na = {file = "none"}\n'
    assert load(tmp_path, text, check_files=False).inputs[0].value == str(tmp_path / "none")


def test_the_home_directory_is_filled_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "x.txt").write_text("x")
    assert load(tmp_path, HEAD + '[inputs]\na = {file = "~/x.txt"}\n').inputs[0].value == str(tmp_path / "x.txt")
    error = refused(tmp_path, HEAD + '[inputs]\na = {file = "~nobody-of-that-name/x.txt"}\n')
    assert (error.line, error.key) == (6, "inputs.a.file")


def test_files_of_one_name_are_refused_with_both_inputs(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "data.txt").write_text("x")
    error = refused(tmp_path, HEAD + '[inputs]\na = {file = "one/data.txt"}\nb = {file = "two/data.txt"}\n')
    assert (error.line, error.key) == (7, "inputs.b")
    for part in ("'a'", "'b'", str(tmp_path / "one"), str(tmp_path / "two"), "overwrite"):
        assert part in str(error)


def test_a_file_named_as_an_output_stream_is_refused(tmp_path: Path) -> None:
    (tmp_path / "hpc-batch.stdout").write_text("x")
    error = refused(tmp_path, HEAD + '[inputs]\na = {file = "hpc-batch.stdout"}\n')
    assert "overwritten by the program's output" in str(error)


@given(name=st.text(min_size=1, max_size=20).filter(lambda text: text.strip() and "\0" not in text))
def test_any_name_and_any_word_are_kept(name: str) -> None:
    def quoted(text: str) -> str:
        escapes = {'"': '\\"', "\\": "\\\\"}
        return '"' + "".join(escapes.get(c) or (c if c.isprintable() else f"\\U{ord(c):08X}") for c in text) + '"'

    word = name.replace("${", "$${")
    text = (
        f'[experiment]\nname = {quoted(name)}\napplication_type = "x"\ncompute_resource = "y"\n'
        f"[application]\ncommands = [[{quoted(word)}]]\n[inputs]\nx = {quoted(name)}\n"
    )
    experiment = parse_experiment(text, Path("x.toml"))
    assert (experiment.name, experiment.inputs[0].value) == (name.strip(), name)
    assert experiment.application.commands == ((word,),)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("01:30:00", 5400),
        ("2-00:00:01", 172801),
        ("90 min", 5400),
        ("1.5h", 5400),
        ("3 days", 259200),
        ("45 s", 45),
        ("0.5 s", 1),
        ("100:00:00", 360000),
    ],
)
def test_durations(text: str, seconds: int) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "1:30", "90", "-1 h", "00:00:00", "1 fortnight", "01:60:00", "1 h 30 min"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="must be"):
        seconds_of(text)
