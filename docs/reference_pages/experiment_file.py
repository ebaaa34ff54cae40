"""The page of the experiment file."""

from __future__ import annotations

from airavata_workload.documents import experiment_model
from airavata_workload.documents.duration import seconds_of
from reference_pages import project
from reference_pages.markdown import code, document, fenced, paragraphs
from reference_pages.models import keys

_INTRODUCTION = """
An experiment file says what to run, on what, and where. It is [TOML](https://toml.io/en/v1.0.0), in UTF-8.
`airavata-workload run FILE` and `airavata-workload submit FILE` read it. An unknown key is an error that names the
line, the key and the nearest right one; nothing is converted silently, so a number in quotes is text.

[The tutorial](../tutorial/first-experiment.md) writes one step by step.
"""

_PLACES = """
**Places.** A file is a path on the engine's machine, relative to the experiment file, or `resource:/absolute/path`: a
file on a compute or storage resource. `~` is your home. URLs are refused. Two files of one name would overwrite each
other in the working directory, so they are refused too, and so is an input that has the name of the program's
standard output or error.

**Files that are there.** Files on the engine's machine are looked at when the experiment is submitted, files elsewhere
when they are staged. A required file that is missing, unreadable or empty fails the experiment and is named.

**In commands** an input stands as `${inputs.NAME}`: the value, or the name that its file has in the working directory.
A list becomes several words.
"""

_OUTPUTS = """
A path is relative to the working directory and stays inside it. A pattern takes all files that match. Standard output
and standard error are outputs by themselves, called `stdout` and `stderr`, and need not be declared.

A required output that the program did not leave fails the experiment and is named; what exists is brought home all the
same.
"""

_PARAMETERS = """
Any values, tables and lists included. The DAG of the application type refers to them as `${parameters.NAME}`, and so
may commands and environment variables. Dates become text (ISO 8601).
"""


def page() -> str:
    """The page."""
    model = experiment_model
    return document(
        "Experiment file",
        "`airavata_workload/documents/experiment_model.py`",
        _INTRODUCTION,
        "## `[experiment]`",
        keys(model.ExperimentTable),
        "## `[application]`",
        keys(model.ApplicationTable),
        "No shell looks at commands: each word reaches the program as it is. What words may refer to, "
        "[References](references.md) lists. A literal `${` is written `$${`.",
        "## `[inputs]`",
        "Each input has a name of letters, digits, `-` and `_`, and is a plain value (text, a number, or a list of one "
        "of these) or a table:",
        keys(model.InputTable),
        _PLACES,
        "## `[outputs]`",
        "Each output is a path, a pattern, or a table:",
        keys(model.OutputTable),
        _OUTPUTS,
        "## `[resources]`",
        "What is left out, the cluster decides.",
        keys(model.ResourcesTable),
        _durations(),
        "## `[parameters]`",
        _PARAMETERS,
        "## Example",
        "Everything that an experiment file can say (`config/examples/hpc-batch.toml`):",
        fenced("toml", project.shipped("examples/hpc-batch.toml")),
    )


def _durations() -> str:
    samples = ("00:05:00", "2-12:00:00", "90 min", "1.5 h", "45 s", "2 d")
    written = ", ".join(f"{code(sample)} ({seconds_of(sample)} s)" for sample in samples)
    return f"**Durations** are text: {written}. {paragraphs(_REFUSED)}"


_REFUSED = "``1:30`` is refused: batch systems do not agree whether those are hours or minutes."
