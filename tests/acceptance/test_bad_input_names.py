"""Names that would do harm in a shell, a path, a directive or a terminal, wherever a user may write one."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from faults.site import Ran, Site

SHOWN = 'it\'s "quoted" $(touch harmed) `touch harmed` ; touch harmed & ${HOME} * é 日本 \\ %s'
"""Everything but control characters."""
AWKWARD = f"-{SHOWN}\n\tsecond line \x1b[31m "
"""And those, at both ends too."""

REPORT = """
import json, os, sys
with open("report.json", "w") as file:
    json.dump({"arguments": sys.argv[1:], "environment": os.environ["AWKWARD"], "here": os.getcwd()}, file)
for name in json.loads(sys.argv[1]):
    with open(name, "w") as file:
        file.write(name)
"""


def literal(text: str) -> str:
    """The text as an experiment file has it where references to inputs may stand."""
    return text.replace("${", "$${")


def assert_unharmed(site: Site) -> None:
    assert list(site.directory.rglob("harmed")) == []
    assert not Path("harmed").exists()


def check_everything(site: Site, ran: Ran, outputs: Path, names: list[str]) -> None:
    assert (ran.exit_code, ran.state) == (0, "COMPLETED"), ran.shown.get("reason") or ran.stderr
    report = json.loads((outputs / "report.json").read_text())
    assert report["arguments"][1:] == [AWKWARD, SHOWN, "", "input é.txt", f"{AWKWARD}.dat"]
    assert report["environment"] == AWKWARD
    for name in names:
        assert (outputs / name).read_text() == name, name
    assert ran.shown["name"] == SHOWN
    assert (outputs / "app $(touch harmed).stdout").exists()
    assert_unharmed(site)
    site.assert_nothing_left(ran)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A site in a directory whose own name is as bad as a home directory's may be."""
    directory = tmp_path / SHOWN.replace("/", "")
    directory.mkdir()
    return Site(directory)


def awkward_experiment(site: Site, **more: object) -> tuple[Path, Path, list[str]]:
    """Experiment file, output directory and the names of the outputs."""
    names = [f"out {AWKWARD}", "-rf", "plain.txt"]
    outputs = site.directory / f"outputs {AWKWARD}"
    site.file("input é.txt", "é")
    site.file(f"{AWKWARD}.dat", "data")
    site.file("report program.py", REPORT)
    words = [literal(word) for word in (json.dumps(names), AWKWARD, SHOWN, "")]
    path = site.experiment(
        [[sys.executable, "${inputs.program}", *words, "${inputs.größe}", "${inputs.data}"]],
        file=f"experiment {SHOWN}.toml",
        name=SHOWN,
        description=AWKWARD,
        output_directory=str(outputs),
        application={
            "name": "app $(touch harmed)",
            "environment": {"AWKWARD": literal(AWKWARD)},
        },
        inputs={
            "program": {"file": "report program.py"},
            "größe": {"file": "input é.txt"},
            "data": {"file": f"{AWKWARD}.dat"},
        },
        outputs={"awkward": names[0], "dash": names[1], "résultat": "plain.*", "report": "report.json"},
        **more,
    )
    return path, outputs, names


@pytest.mark.parametrize("application_type", ["hpc-batch", "local"])
def test_an_experiment_full_of_awkward_names_completes_and_harms_nothing(site: Site, application_type: str) -> None:
    path, outputs, names = awkward_experiment(site, application_type=application_type)
    check_everything(site, site.run(path), outputs, names)


def test_the_tables_for_people_show_the_names_and_no_control_character(site: Site) -> None:
    path, outputs, _names = awkward_experiment(site)
    done = site.cli("run", path)
    assert done.returncode == 0, done.stderr
    (listed,) = site.listed()
    for command in (("list",), ("show", listed["experiment_id"]), ("graph", listed["experiment_id"])):
        shown = site.cli(*command)
        assert shown.returncode == 0, shown.stderr
        assert "\x1b[31m" not in shown.stdout + done.stdout
        assert "touch harmed" in shown.stdout or command[0] != "show"
    assert outputs.is_dir()
    assert_unharmed(site)


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        ({"outputs": {"$(touch harmed)": "x"}}, "must be a name of letters, digits, '-' and '_'"),
        ({"inputs": {"a b": 1}}, "must be a name of letters, digits, '-' and '_'"),
        ({"outputs": {"up": "../x"}}, "must be a file in the working directory or below"),
        ({"outputs": {"root": "/etc/passwd"}}, "must be a file in the working directory or below"),
        ({"application": {"stdout": "a/b"}}, "'application.stdout'"),
        ({"application": {"environment": {"A B": "x"}}}, "environment"),
        ({"inputs": {"data": {"file": "nul\0.txt"}}}, "data"),
        ({"application": {"environment": {"NUL": "a\0b"}}}, "NUL"),
        ({"commands": [["echo", "${HOME}"]]}, "For a literal ${ write $${."),
    ],
    ids=["output", "input", "up", "absolute", "stream", "variable", "nul-file", "nul-value", "reference"],
)
def test_a_name_that_cannot_be_used_is_refused_and_named(site: Site, tables: dict[str, object], said: str) -> None:
    done = site.cli("run", site.experiment(**tables))  # type: ignore[arg-type]
    told = " ".join(f"{done.stdout} {done.stderr}".split())
    assert done.returncode in (1, 2), told
    assert said in told
    assert "Traceback" not in told
    assert_unharmed(site)
    site.assert_nothing_left()


def test_a_home_directory_with_a_line_break_is_refused_with_the_file_and_the_key(tmp_path: Path) -> None:
    directory = tmp_path / "two\nlines"
    directory.mkdir()
    site = Site(directory)
    ran = site.run(site.experiment())
    assert (ran.exit_code, ran.state) == (1, "FAILED")
    for told in (ran.shown["reason"], ran.shown["user_message"]):
        assert "local.toml" in told
        assert "'scratch_directory' must be an absolute path" in told
    site.assert_nothing_left(ran)
