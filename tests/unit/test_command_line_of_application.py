"""The command that runs an application: what an administrator registered, and what a user typed, kept apart."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airavata_workload.api.experiments.command_line import command, engine_names, modules
from airavata_workload.domain import references
from airavata_workload.domain.errors import InputError
from airavata_workload.domain.experiment import DataType
from airavata_workload.records.application_io import InputDataObject, OutputDataObject
from airavata_workload.records.applications import ApplicationDeployment, CommandObject, SetEnvPaths


def deployment(**changes: object) -> ApplicationDeployment:
    plain: dict[str, object] = {"app_module_id": "m", "compute_host_id": "h", "executable_path": "/bin/echo"}
    return ApplicationDeployment(**{**plain, **changes})  # type: ignore[arg-type]


def argument(name: str, value: str, kind: DataType = DataType.STRING, **changes: object) -> InputDataObject:
    return InputDataObject(name=name, value=value, type=kind, required_to_added_to_command_line=True, **changes)  # type: ignore[arg-type]


def run(words: Sequence[str], inputs: Mapping[str, object], directory: Path) -> str:
    """What the command prints, after the engine has put its inputs in."""
    resolved = [str(references.resolve(word, {"inputs": inputs})) for word in words]
    environment = {"PATH": os.environ["PATH"], "LIBRARIES": "/old"}
    done = subprocess.run(resolved, cwd=directory, env=environment, capture_output=True, text=True, timeout=20)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_inputs_come_in_their_order_after_their_arguments() -> None:
    inputs = [
        argument("second", "two", input_order=2, application_argument="--second"),
        argument("first", "1", DataType.INTEGER, input_order=1),
        InputDataObject(name="hidden", value="x", type=DataType.STRING, input_order=0),
        argument("file", "airavata-dp://somewhere", DataType.URI, input_order=3, application_argument="-i"),
    ]
    outputs = [
        OutputDataObject(
            name="result", value="out.txt", application_argument="-o", required_to_added_to_command_line=True
        )
    ]
    words = command(deployment(), inputs, outputs, parallelism_prefix="mpirun -np 4")
    assert words == (
        *("mpirun", "-np", "4", "/bin/echo", "1", "--second", "two", "-i", "${inputs.file}", "-o", "out.txt"),
    )


def test_several_words_of_a_text_are_several_arguments_and_quotes_hold_them_together() -> None:
    assert command(deployment(), [argument("flags", "-v 'a b' c")], []) == ("/bin/echo", "-v", "a b", "c")
    assert command(deployment(), [argument("odd", "it's")], []) == ("/bin/echo", "it's")


def test_what_an_administrator_wrote_runs_before_and_after(tmp_path: Path) -> None:
    there = deployment(
        executable_path="/usr/bin/env",
        module_load_cmds=(CommandObject(command="module load gcc/12 openmpi"), CommandObject(command="umask 077")),
        lib_prepend_paths=(SetEnvPaths(name="LIBRARIES", value="/first dir"),),
        lib_append_paths=(SetEnvPaths(name="LIBRARIES", value="/last"), SetEnvPaths(name="FRESH", value="/only")),
        set_environment=(SetEnvPaths(name="QUOTE", value="it's ${HOME}"),),
        pre_job_commands=(CommandObject(command="echo later", command_order=2), CommandObject(command="echo begin")),
        post_job_commands=(CommandObject(command="echo end"),),
    )
    assert modules(there) == ("gcc/12", "openmpi")
    lines = run(command(there, [], []), {}, tmp_path).splitlines()
    assert lines[:2] == ["begin", "later"]
    assert lines[-1] == "end"
    assert {"LIBRARIES=/first dir:/old:/last", "FRESH=/only", "QUOTE=it's ${HOME}"} <= set(lines)


def test_the_exit_code_is_the_programs_not_that_of_the_last_line(tmp_path: Path) -> None:
    there = deployment(executable_path="/bin/false", post_job_commands=(CommandObject(command="echo end"),))
    done = subprocess.run(command(there, [], []), cwd=tmp_path, capture_output=True, text=True, timeout=20)
    assert (done.returncode, done.stdout) == (1, "end\n")


def test_standard_input_is_read_from_a_file_of_any_name(tmp_path: Path) -> None:
    (tmp_path / "a $(touch bad) 'name'").write_text("the content")
    inputs = [argument("in.put", "somewhere", DataType.URI, standard_input=True)]
    words = command(deployment(executable_path="/bin/cat"), inputs, [])
    assert run(words, {"in_put": "a $(touch bad) 'name'"}, tmp_path) == "the content"
    assert [each.name for each in tmp_path.iterdir()] == ["a $(touch bad) 'name'"]


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1))
def test_nothing_that_a_user_types_is_a_reference_or_a_command(value: str) -> None:
    words = command(deployment(pre_job_commands=(CommandObject(command=":"),)), [argument("text", value)], [])
    script, typed = words[2], words[5:]
    assert script == ':\n"$@"'
    assert [references.resolve(word, {}) for word in typed] == [word.replace("$${", "${") for word in typed]


def test_names_that_the_engine_cannot_refer_to_get_others_and_none_gets_two() -> None:
    inputs = [InputDataObject(name=name) for name in ("a.b", "a_b", "{}", "Grüße", "plain-name")]
    names = engine_names(inputs)
    assert names["plain-name"] == "plain-name"
    assert len(set(names.values())) == len(inputs)
    for name in names.values():
        assert references.resolve(f"${{inputs.{name}}}", {"inputs": {name: "found"}}) == "found"


def test_a_deployment_that_cannot_work_is_refused_by_name() -> None:
    with pytest.raises(InputError, match="'1X'"):
        command(deployment(set_environment=(SetEnvPaths(name="1X", value="x"),)), [], [])
    with pytest.raises(InputError, match="parallelism prefix"):
        command(deployment(), [], [], parallelism_prefix="mpirun '")
