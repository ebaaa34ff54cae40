"""The distribution says what the tree holds: packages, entry points, versions, locks and what may be imported where."""

from __future__ import annotations

import ast
import configparser
import importlib
import importlib.metadata
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import airavata_workload

ROOT = Path(__file__).parents[2]
CLIENT_LIBRARIES = {"airavata_thrift", "kazoo", "neo4j", "paramiko", "pika", "pymysql", "thrift"}
LOCKS = ("runtime", "tox", "dev")


def setup_cfg() -> configparser.ConfigParser:
    parser = configparser.ConfigParser(delimiters=("=",), interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(ROOT / "setup.cfg", encoding="utf-8")
    return parser


def lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip() and not line.strip().startswith("#")]


def mapping(text: str) -> dict[str, str]:
    return {key.strip(): value.strip() for key, value in (line.split("=", 1) for line in lines(text))}


def entry_points() -> list[tuple[str, str, str]]:
    section = setup_cfg()["options.entry_points"]
    return [(group, name, target) for group in section for name, target in mapping(section[group]).items()]


def locked(name: str) -> dict[str, Requirement]:
    """The requirements of requirements/NAME.txt by normalised name, without hashes; of several what is for here."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    found = [Requirement(line.removesuffix("\\").strip()) for line in lines(text) if not line.startswith("--hash")]
    return {normalised(one.name): one for one in sorted(found, key=applies)}


def applies(requirement: Requirement) -> bool:
    """Whether it is asked for by this Python on this machine."""
    return requirement.marker is None or requirement.marker.evaluate()


def normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def engine_modules() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted((ROOT / "airavata_workload").rglob("*.py")):
        yield str(path.relative_to(ROOT)), ast.parse(path.read_text(encoding="utf-8"))


def imported(tree: ast.Module) -> set[str]:
    """First parts of the names of all modules that are imported anywhere in it, inside functions too."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names


def test_the_package_list_is_the_tree() -> None:
    options = setup_cfg()["options"]
    found: set[str] = set()
    for name, folder in mapping(options["package_dir"]).items():
        for init in (ROOT / folder).rglob("__init__.py"):
            parts = init.parent.relative_to(ROOT / folder).parts
            found.add(".".join((name, *parts)))
    assert sorted(lines(options["packages"])) == sorted(found)


def test_every_folder_with_modules_is_a_package() -> None:
    folders = set(mapping(setup_cfg()["options"]["package_dir"]).values()) - {"config"}  # its programs are data
    for folder in folders:
        for module in (ROOT / folder).rglob("*.py"):
            assert (module.parent / "__init__.py").exists(), f"{module.parent.relative_to(ROOT)} has no __init__.py"


@pytest.mark.parametrize(("group", "name", "target"), entry_points(), ids=lambda value: value.split(":")[0])
def test_an_entry_point_resolves(group: str, name: str, target: str) -> None:
    module, _, attribute = target.partition(":")
    plugin = getattr(importlib.import_module(module), attribute)
    assert callable(plugin)
    installed = importlib.metadata.distribution("airavata-workload").entry_points
    assert (group, name, target) in {(point.group, point.name, point.value) for point in installed}


def test_the_engine_imports_no_client_library_of_an_outside_server() -> None:
    guilty = {where: imported(tree) & CLIENT_LIBRARIES for where, tree in engine_modules()}
    assert {where: names for where, names in guilty.items() if names} == {}


def test_the_engine_is_seen_to_import_something() -> None:
    """Guards the test above against reading nothing."""
    assert {"stevedore", "pydantic"} <= set().union(*(imported(tree) for _, tree in engine_modules()))


def test_one_version() -> None:
    newest = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert newest is not None
    assert airavata_workload.__version__ == importlib.metadata.version("airavata-workload") == newest.group(1)


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_names_exact_versions_with_hashes_and_no_address(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    assert "://" not in text
    for requirement in re.split(r"\n(?=[a-z])", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE)):
        assert re.match(r"[a-z0-9.-]+==\S+", requirement), requirement
        assert "--hash=sha256:" in requirement, requirement


@pytest.mark.parametrize(
    ("lock", "sources"),
    [
        ("runtime", ("options:install_requires", "build.in")),
        ("tox", ("tox.in",)),
        ("dev", ("options:install_requires", "options.extras_require:testing", "build.in", "dev.in")),
    ],
)
def test_a_lock_agrees_with_what_it_was_made_from(lock: str, sources: tuple[str, ...]) -> None:
    held = locked(lock)
    for source in sources:
        section, _, option = source.partition(":")
        text = setup_cfg()[section][option] if option else (ROOT / "requirements" / source).read_text(encoding="utf-8")
        for wanted in filter(applies, map(Requirement, lines(text))):
            there = held.get(normalised(wanted.name))
            assert there is not None, f"{wanted} is not in requirements/{lock}.txt: run 'tox -e lock'"
            version = next(iter(there.specifier)).version
            assert wanted.specifier.contains(version), f"{lock}.txt has {there}, {source} asks for {wanted}"


def test_the_locks_agree_with_one_another() -> None:
    versions: dict[str, set[str]] = {}
    for lock in LOCKS:
        for name, requirement in locked(lock).items():
            versions.setdefault(name, set()).add(str(requirement.specifier))
    assert {name: found for name, found in versions.items() if len(found) > 1} == {}


def test_the_build_requirements_are_the_locked_ones() -> None:
    asked = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["build-system"]["requires"]
    assert asked == lines((ROOT / "requirements" / "build.in").read_text(encoding="utf-8"))


def test_no_file_holds_a_path_of_one_machine_or_the_address_of_a_registry(
    repository_files: list[Path],
) -> None:
    # in pieces, or this file would be the first to fail
    paths = "|".join(("/" + "work/(main|shared)", "/" + r"root/\.", "/" + "tmp/dev/"))
    registries = "|".join(("python" + "hosted", "pypi" + r"\.org", "deb" + r"\.debian", "repo1?" + r"\.maven"))
    pattern = re.compile(f"{paths}|{registries}")
    guilty = []
    for path in repository_files:
        text = (ROOT / path).read_bytes().decode("utf-8", "replace")
        guilty += [f"{path}: {match.group()}" for match in pattern.finditer(text)]
    assert guilty == []


def test_every_module_of_integration_tests_carries_the_server_mark() -> None:
    """tox -e integration selects by the mark: a module without it would never run."""
    unmarked = [
        path.name
        for path in (ROOT / "tests" / "integration").glob("test_*.py")
        if "mark.server" not in path.read_text(encoding="utf-8")
    ]
    assert unmarked == []


def test_test_modules_have_names_of_their_own() -> None:
    names = [path.name for path in (ROOT / "tests").rglob("test_*.py")]
    assert sorted(names) == sorted(set(names))
