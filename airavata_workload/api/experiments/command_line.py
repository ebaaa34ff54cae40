"""The command that runs an application of the catalogue, from its deployment and an experiment's values. Pure.

What administrators of a gateway have registered (set-up lines, library paths,
a launcher for parallel programs) and what a user has typed stay apart: lines
are a script of their own, and every value of a user is a word that no shell
looks at.

Source: Airavata 0.17, GFAC's Groovy templates and ``GFacUtils``: the order of
a job script's parts, and which inputs and outputs go onto the command line.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping, Sequence

from airavata_workload.domain.errors import InputError
from airavata_workload.domain.experiment import DataType
from airavata_workload.records.application_io import InputDataObject, OutputDataObject
from airavata_workload.records.applications import ApplicationDeployment, CommandObject, SetEnvPaths

_MODULE = re.compile(r"\s*module\s+(?:load|add)\s+((?:[A-Za-z0-9_./+@-]+\s*)+)")
_FILES = (DataType.URI, DataType.URI_COLLECTION)
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9_-]+")
_RUN = '"$@"'


def engine_names(inputs: Iterable[InputDataObject]) -> dict[str, str]:
    """For each input's name one by which the engine's references can name it: no dots, no braces, no name twice."""
    names: dict[str, str] = {}
    for each in inputs:
        plain = _NOT_PLAIN.sub("_", each.name).strip("_") or "input"
        candidate, number = plain, 1
        while candidate in names.values():
            number += 1
            candidate = f"{plain}_{number}"
        names[each.name] = candidate
    return names


def literal(text: str) -> str:
    """Text of somebody in which nothing is a reference of ours."""
    return text.replace("${", "$${")


def modules(deployment: ApplicationDeployment) -> tuple[str, ...]:
    """The modules that the deployment loads with plain ``module load`` lines."""
    found: list[str] = []
    for line in _lines(deployment.module_load_cmds):
        match = _MODULE.fullmatch(line)
        found += match.group(1).split() if match else []
    return tuple(found)


def command(
    deployment: ApplicationDeployment,
    inputs: Sequence[InputDataObject],
    outputs: Sequence[OutputDataObject],
    *,
    parallelism_prefix: str = "",
) -> tuple[str, ...]:
    """The argument vector; inputs appear in it as references to the engine's own.

    ``parallelism_prefix`` is what starts a parallel program, for example
    ``mpirun -np 4``. Raises ``InputError`` for a deployment or an application
    whose text cannot be taken apart into words.
    """
    names = engine_names(inputs)
    words = [
        *_split(parallelism_prefix, "the compute resource's parallelism prefix"),
        literal(deployment.executable_path),
        *_arguments(inputs, outputs, names),
    ]
    standard_input = next((each for each in inputs if each.standard_input and each.type is DataType.URI), None)
    before, after = _before(deployment), _lines(deployment.post_job_commands)
    if not before and not after and standard_input is None:
        return tuple(words)
    run = _RUN
    given: list[str] = []
    if standard_input is not None and standard_input.value:
        # The file is a word of its own, so that its name may be anything.
        run = f'airavata_input=$1; shift; {_RUN} < "$airavata_input"'
        given = [f"${{inputs.{names[standard_input.name]}}}"]
    ending = ["airavata_code=$?", *after, 'exit "$airavata_code"'] if after else []
    script = "\n".join([*before, run, *ending])
    return ("bash", "-c", literal(script), "bash", *given, *words)


def _before(deployment: ApplicationDeployment) -> list[str]:
    """The lines before the program: modules that are more than a name, variables, the administrator's own."""
    return [
        *(line for line in _lines(deployment.module_load_cmds) if not _MODULE.fullmatch(line)),
        *(_path_line(each, prepend=True) for each in _ordered(deployment.lib_prepend_paths)),
        *(_path_line(each, prepend=False) for each in _ordered(deployment.lib_append_paths)),
        *(f"export {_variable(each.name)}={shlex.quote(each.value)}" for each in _ordered(deployment.set_environment)),
        *_lines(deployment.pre_job_commands),
    ]


def _path_line(path: SetEnvPaths, *, prepend: bool) -> str:
    name, value = _variable(path.name), shlex.quote(path.value)
    if prepend:
        return f'export {name}={value}"${{{name}:+:${name}}}"'
    return f'export {name}="${{{name}:+${name}:}}"{value}'


def _variable(name: str) -> str:
    # Source: POSIX.1-2017, base definitions, 3.235 "Name".
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise InputError(
            f"The application's deployment sets {name!r}, which is not the name of an environment variable.",
            remedy="Correct the deployment.",
        )
    return name


def _ordered(paths: Iterable[SetEnvPaths] | None) -> list[SetEnvPaths]:
    return sorted(paths or (), key=lambda each: each.env_path_order or 0)


def _lines(commands: Iterable[CommandObject] | None) -> list[str]:
    return [each.command for each in sorted(commands or (), key=lambda each: each.command_order or 0)]


def _arguments(
    inputs: Iterable[InputDataObject], outputs: Iterable[OutputDataObject], names: Mapping[str, str]
) -> list[str]:
    words: list[str] = []
    for each in sorted(inputs, key=lambda each: each.input_order or 0):
        if each.required_to_added_to_command_line and not each.standard_input:
            words += _split(each.application_argument, f"the argument of input '{each.name}'")
            words += _values(each, names[each.name])
    for output in outputs:
        if output.required_to_added_to_command_line:
            words += _split(output.application_argument, f"the argument of output '{output.name}'")
            words += [literal(output.value)] if output.value else []
    return words


def _values(given: InputDataObject, name: str) -> list[str]:
    """The words of an input's value. Several plain words of a text are several arguments, as clients are used to."""
    if not given.value:
        return []
    if given.type in _FILES:
        return [f"${{inputs.{name}}}"]
    try:
        return [literal(word) for word in shlex.split(given.value)]
    except ValueError:  # a lone quote is part of the text
        return [literal(given.value)]


def _split(text: str | None, what: str) -> list[str]:
    try:
        return [literal(word) for word in shlex.split(text or "")]
    except ValueError as error:
        raise InputError(
            f"{what[0].upper()}{what[1:]} cannot be taken apart into words: {error}.", remedy=f"Correct {text!r}."
        ) from None
