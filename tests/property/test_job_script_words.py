"""Whatever words and values a user gives, the program gets exactly these, and nothing else happens."""

from __future__ import annotations

import re
import subprocess
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from airavata_adapters.batch_systems.fork import Fork
from airavata_adapters.batch_systems.slurm import Slurm
from airavata_workload.domain.cluster import Cluster
from airavata_workload.domain.errors import ParameterError
from airavata_workload.domain.job import JobDescription, ResourceRequest
from airavata_workload.ports.batch_system import BatchSystem, exit_code_file

NAME = "Apropertyofword"
SYSTEMS: tuple[BatchSystem, ...] = (Slurm(Cluster(name="test")), Fork(Cluster(name="test")))

texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=30) | st.sampled_from(
    [
        "$(touch bad)",
        "`touch bad`",
        "'; touch bad; '",
        '"',
        "\\",
        "\n",
        "a\nb",
        "*",
        "~",
        "-n",
        "ä",
        "!",
        "#",
        "&",
        "\r",
        "\x1b",
    ]
)
names = st.from_regex(r"X[A-Za-z0-9_]{0,8}", fullmatch=True)
SHOW_WORDS = 'printf "%s\\0" "$@" >words'
SHOW_VALUES = 'for name do eval "printf \'%s\\\\0\' \\"\\$$name\\""; done >values'


def run(system: BatchSystem, description: JobDescription) -> None:
    script = Path(description.working_directory, "script")
    script.write_bytes(system.job_script(description).encode())
    interpreter = script.read_bytes().split(b"\n", 1)[0].removeprefix(b"#!").decode()
    subprocess.run(
        [interpreter, str(script)], stdin=subprocess.DEVNULL, capture_output=True, timeout=60, start_new_session=True
    )


@settings(max_examples=60, deadline=None)
@given(
    words=st.lists(texts, max_size=6),
    environment=st.dictionaries(names, texts, max_size=4),
    code=st.integers(0, 255),
    system=st.sampled_from(SYSTEMS),
    directory_name=st.text(
        st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/\\"), min_size=1, max_size=20
    ).filter(lambda name: name not in (".", "..")),
)
def test_words_values_and_codes_come_through_unchanged(
    words: list[str], environment: dict[str, str], code: int, system: BatchSystem, directory_name: str
) -> None:
    with tempfile.TemporaryDirectory() as parent:
        directory = Path(parent, directory_name)
        directory.mkdir()
        run(
            system,
            JobDescription(
                job_name=NAME,
                working_directory=str(directory),
                commands=(
                    ("sh", "-c", SHOW_WORDS, "sh", *words),
                    ("sh", "-c", SHOW_VALUES, "sh", *environment),
                    ("sh", "-c", f"exit {code}"),
                ),
                stdout="out",
                stderr="err",
                environment=environment,
            ),
        )
        shown = (directory / "words").read_bytes().decode()
        assert shown == ("".join(f"{word}\0" for word in words) or "\0")
        assert (directory / "values").read_bytes().decode() == "".join(f"{value}\0" for value in environment.values())
        assert (directory / exit_code_file(NAME)).read_text().split() == [str(code), "exit"]
        assert not list(Path(parent).rglob("bad"))


@settings(max_examples=300, deadline=None)
@given(
    queue=texts,
    allocation=texts,
    quality_of_service=texts,
    reservation=texts,
    stdout=texts,
    stderr=texts,
)
def test_no_value_brings_a_directive_of_its_own(
    queue: str, allocation: str, quality_of_service: str, reservation: str, stdout: str, stderr: str
) -> None:
    description = JobDescription(
        job_name=NAME,
        working_directory="/scratch/p",
        commands=(("true",),),
        stdout=stdout,
        stderr=stderr,
        resources=ResourceRequest(
            queue=queue, allocation=allocation, quality_of_service=quality_of_service, reservation=reservation
        ),
    )
    try:
        text = SYSTEMS[0].job_script(description)
    except ParameterError:
        return
    lines = [
        line for line in re.split(r"[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]", text) if line.lstrip().startswith("#SBATCH")
    ]
    values = [queue, allocation, quality_of_service, reservation, stdout, stderr if stderr != stdout else ""]
    assert len(lines) == 1 + sum(bool(value) for value in values)
