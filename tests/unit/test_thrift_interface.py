"""The generated package has what three generations of peers put on the wire, and is made from the .thrift files."""

from __future__ import annotations

import importlib
import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest
from thrift.Thrift import TType
from thrift_peers import TABLE, wire_letters

from airavata_adapters.thrift_api.dialect_layouts import CLASHES
from airavata_thrift.required_fields import REQUIRED

ROOT = Path(__file__).parents[2]
IDL = ROOT / "thrift_idl"
FILES = sorted(IDL.rglob("*.thrift"))
LETTERS = {
    TType.BOOL: "b",
    TType.BYTE: "y",
    TType.DOUBLE: "d",
    TType.I16: "h",
    TType.I32: "i",
    TType.I64: "l",
    TType.STRING: "s",
    TType.STRUCT: "c",
}
# Arguments that moved between 0.17 and 0.19; the dialect codec knows both places.
MOVED = {
    "credential_store.CredentialStoreService.getCredentialSummary",
    "registry.RegistryService.getExperimentsInProject",
}


def generator() -> Any:
    spec = importlib.util.spec_from_file_location("generate", IDL / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def wire(wire_type: int, details: Any) -> str:
    if wire_type in (TType.LIST, TType.SET):
        return f"{'L' if wire_type == TType.LIST else 'S'}<{wire(details[0], details[1])}>"
    if wire_type == TType.MAP:
        return f"M<{wire(details[0], details[1])}{wire(details[2], details[3])}>"
    return LETTERS[wire_type]


def rows(struct: Any) -> dict[int, str]:
    return {row[0]: wire(row[1], row[3]) for row in struct.thrift_spec if row is not None}


@pytest.mark.parametrize("generation", ["0.17", "2026-03"])
def test_every_method_takes_and_gives_what_the_peers_have(generation: str) -> None:
    wrong = []
    for name, generations, arguments, returns, throws in TABLE["calls"]:
        if generation not in generations or (generation == "0.17" and name in MOVED):
            continue
        service, class_name, method = name.split(".")
        module = importlib.import_module(f"airavata_thrift.{service}.{class_name}")
        takes, gives = rows(getattr(module, f"{method}_args")), rows(getattr(module, f"{method}_result"))
        wrong += [f"{name}: argument {number}" for number, letter in wire_letters(arguments) if takes[number] != letter]
        if gives.pop(0, "v") != returns:
            wrong.append(f"{name}: returns {returns}")
        if set(map(int, throws.split())) - gives.keys():
            wrong.append(f"{name}: throws {throws}")
    assert wrong == []


def test_every_enum_has_the_numbers_of_every_generation() -> None:
    for name, generations, numbers in TABLE["enums"]:
        module, _, enum = name.partition(".")
        ours = getattr(importlib.import_module(f"airavata_thrift.{module}.ttypes"), enum, None)
        assert ours is not None, f"{name} of {generations}"
        assert set(numbers) <= set(ours._VALUES_TO_NAMES), name


def test_every_clash_is_of_a_struct_that_stands_in_the_tables() -> None:
    names = {name for name, *_ in TABLE["structs"]}
    for struct in CLASHES:
        if not struct.__name__.endswith("_args"):
            assert f"{struct.__module__.split('.')[1]}.{struct.__name__}" in names


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_file_says_its_licence_its_source_and_what_each_definition_is(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert text.startswith("// Licensed under the Apache License, Version 2.0")
    assert "Apache Airavata" in text.split("namespace")[0]
    definitions = re.findall(r"(.*)\n(?:struct|union|exception|enum|service) (\w+)", text)
    assert [name for before, name in definitions if not before.rstrip().endswith("*/")] == []


def test_required_fields_are_those_of_the_interface() -> None:
    for name, fields in REQUIRED.items():
        module, _, struct = name.partition(".")
        slots = getattr(importlib.import_module(f"airavata_thrift.{module}.ttypes"), struct).__slots__
        assert set(fields) <= set(slots), name
        text = next(IDL.rglob(f"{module}.thrift")).read_text(encoding="utf-8")
        body = text.split(f" {struct} {{\n")[1].split("\n}")[0]
        assert len(fields) == sum(": required " in line for line in body.splitlines()), name


def test_two_files_may_not_share_a_namespace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = generator()
    monkeypatch.setattr(program, "IDL", tmp_path)
    (tmp_path / "jobs.thrift").write_text("namespace py airavata_thrift.jobs\n")
    (tmp_path / "tasks.thrift").write_text("namespace py airavata_thrift.jobs\n")
    with pytest.raises(program.GenerationError, match=r"tasks\.thrift: needs 'namespace py airavata_thrift\.tasks'"):
        program.check_namespaces(sorted(tmp_path.glob("*.thrift")))


def test_drift_is_named_file_by_file(tmp_path: Path) -> None:
    committed, made = tmp_path / "committed", tmp_path / "made"
    for folder, names in ((committed, "abc"), (made, "bcd")):
        folder.mkdir()
        for name in names:
            (folder / name).write_text(f"{folder.name if name == 'b' else name}\n")
    assert list(generator().drift(committed, made)) == ["a: no .thrift file gives it", "b: differs", "d: missing"]


def test_an_unusable_compiler_is_refused_with_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = generator()
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(program.GenerationError, match="thrift-compiler"):
        program.check_compiler()
    (tmp_path / "thrift").write_text("#!/bin/sh\necho 'Thrift version 0.22.0'\n")
    (tmp_path / "thrift").chmod(0o755)
    with pytest.raises(program.GenerationError, match=r"the thrift compiler is 0\.22\.0: install version 0\.17\.0"):
        program.check_compiler()
