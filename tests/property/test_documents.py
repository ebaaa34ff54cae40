"""The line of every key of a TOML or YAML document, however it is laid out."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airavata_workload.documents.document import Key, dotted
from airavata_workload.documents.toml_document import parse_toml
from airavata_workload.documents.yaml_document import parse_yaml
from airavata_workload.domain.errors import DocumentError

PATH = Path("thing.toml")
BARE = "abcdefghijklmnopqrstuvwxyzABC0123456789_-"

names = st.one_of(
    st.text(alphabet=BARE, min_size=1, max_size=5),
    st.sampled_from(["a.b", "a b", "é", "#", "]", "=", "", '"', "'", "tab\t"]),
)
texts = st.text(alphabet=st.sampled_from("ab \n#[]{}=,'\"\\é$"), max_size=8)
scalars = st.one_of(
    st.integers(-(10**6), 10**6).map(str),
    st.floats(allow_nan=False, allow_infinity=False, width=32).map(lambda number: repr(float(number))),
    st.sampled_from(["true", "1979-05-27 07:32:00Z", "1979-05-27T07:32:00.5-07:00", "1979-05-27", "07:32:00", "inf"]),
    texts.map(json.dumps),
    texts.filter(lambda text: "'" not in text and "\n" not in text).map(lambda text: f"'{text}'"),
    texts.filter(lambda text: "'" not in text).map(lambda text: f"'''{text}'''"),
    texts.map(lambda text: '"""' + text.replace("\\", "\\\\").replace('"', '\\"') + '"""'),
    st.sampled_from(['"""a""b"" c"""', "'''it''s'''", '"""x\\\n   y"""', '""""quoted""""', "''''quoted'''''"]),
)
gaps = st.sampled_from(["", " ", "\n", "\n  # a ] comment\n", "\t"])


def key_text(name: str) -> str:
    return name if name and all(char in BARE for char in name) else json.dumps(name)


@st.composite
def inline_values(draw: st.DrawFn, depth: int = 2) -> str:
    kind = draw(st.sampled_from(["scalar", "scalar", "array", "table"])) if depth else "scalar"
    if kind == "array":
        items = draw(st.lists(inline_values(depth - 1), max_size=3))
        gap = draw(gaps)
        return "[" + gap + f",{gap}".join(item + gap for item in items) + "]"
    if kind == "table":
        keys = draw(st.lists(names, max_size=3, unique=True))
        return "{ " + ", ".join(f"{key_text(key)} = {draw(inline_values(depth - 1))}" for key in keys) + " }"
    return draw(scalars)


@st.composite
def toml_texts(draw: st.DrawFn) -> str:
    """Lines of headers and pairs; most are TOML, and the test takes those that are."""
    lines: list[str] = []
    for _ in range(draw(st.integers(0, 8))):
        key = " . ".join(key_text(name) for name in draw(st.lists(names, min_size=1, max_size=3)))
        kind = draw(st.sampled_from(["pair", "pair", "pair", "table", "tables", "comment"]))
        if kind == "pair":
            lines.append(f"{key} = {draw(inline_values())}{draw(st.sampled_from(['', '  # why']))}")
        else:
            lines.append({"table": f"[ {key} ]", "tables": f"[[{key}]]", "comment": "# [x]\n"}[kind])
    return draw(st.sampled_from(["\n", "\r\n"])).join(lines)


def places(value: Any, key: Key = ()) -> set[Key]:
    found = {key} if key else set()
    if isinstance(value, dict):
        for name, item in value.items():
            found |= places(item, (*key, name))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            found |= places(item, (*key, index))
    return found


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(text=toml_texts())
def test_every_place_of_a_toml_document_has_a_line_that_shows_it(text: str) -> None:
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        with pytest.raises(DocumentError):
            parse_toml(text, PATH)
        return
    document = parse_toml(text, PATH)
    assert set(document.lines) == places(content)
    rows = text.replace("\r\n", "\n").split("\n")
    for key, line in document.lines.items():
        named = [step for step in key if isinstance(step, str)]
        if isinstance(key[-1], str):
            assert key_text(named[-1]) in rows[line - 1], (key, line)


class QuotingDumper(yaml.SafeDumper):
    """PyYAML leaves text plain that is a number in YAML 1.2 and none in 1.1, such as 08."""


QuotingDumper.add_representer(
    str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"')
)

json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-999, 999), st.floats(-9, 9), texts),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(names, inner, max_size=3)),
    max_leaves=8,
)


@settings(max_examples=200)
@given(content=st.dictionaries(names, json_values, max_size=4), block=st.booleans())
def test_every_place_of_a_yaml_document_has_a_line_that_shows_it(content: dict[str, Any], block: bool) -> None:
    # JSON is YAML, too.
    text = yaml.dump(content, Dumper=QuotingDumper, sort_keys=False) if block else json.dumps(content, indent=1)
    document = parse_yaml(text, Path("thing.yaml"))
    assert document.content == content
    assert set(document.lines) == places(content)
    assert all(1 <= line <= text.count("\n") + 1 for line in document.lines.values())


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a = 1\nb = = 2\n", 2),
        ("a = 1\na = 2\n", 2),
        ("[x\n", 1),
        ('a = "x', 1),
        ("a = [1,\n2,\n", 2),
        ("a = 'é\x00'", 1),
    ],
)
def test_a_toml_syntax_error_names_its_line(text: str, line: int) -> None:
    with pytest.raises(DocumentError) as caught:
        parse_toml(text, PATH)
    assert (caught.value.line, caught.value.path) == (line, PATH)


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("a: 1\nb: [1, 2\nc: 3\n", 3, "column"),
        ("a: 1\nb:\n  c: 1\na: 2\n", 4, "stands here and on line 1"),
        ("a: &x 1\nb: *x\n", 2, "aliases"),
        ("a: 1\n? [b]\n: 2\n", 2, "key must be text"),
        ("a: 1\n2: 3\n", 2, "key must be text"),
        ("a: 1\nb: !!python/object:os.system 1\n", 2, "tag"),
        ("a: 1\n---\nb: 2\n", 2, "document"),
        ("- a\n- b\n", 1, "keys and values"),
        ("a: 1\n\tb: 2\n", 2, "column"),
        ('a: 1\nb: "\\0"\n', 2, "cannot hold"),
        ("a: &a [*a]\n", 1, "aliases"),
    ],
)
def test_yaml_that_is_refused_names_its_line(text: str, line: int, message: str) -> None:
    with pytest.raises(DocumentError, match=message) as caught:
        parse_yaml(text, Path("thing.yaml"))
    assert caught.value.line == line


def test_yaml_scalars_are_what_they_look_like() -> None:
    text = "on: yes\ntime: 01:30:00\noctal: 010\ndate: 2026-01-01\nnothing:\nflag: true\nn: 0x10\nquoted: '5'\nf: 1e3\n"
    assert parse_yaml(text, PATH).content == {
        "on": "yes",
        "time": "01:30:00",
        "octal": 10,
        "date": "2026-01-01",
        "nothing": None,
        "flag": True,
        "n": 16,
        "quoted": "5",
        "f": 1000.0,
    }


@pytest.mark.parametrize("parse", [parse_toml, parse_yaml])
def test_deep_nesting_is_an_error_and_not_a_crash(parse: Any) -> None:
    with pytest.raises(DocumentError):
        parse(("a = " if parse is parse_toml else "a: ") + "[" * 100_000, PATH)


def test_a_key_that_is_missing_has_the_line_of_its_table() -> None:
    document = parse_toml('x = 1\n\n[tool."a b"]\nlist = [\n 1,\n 2,\n]\n', PATH)
    assert document.line(("tool", "a b", "gone")) == 3
    assert document.line(("tool", "a b", "list", 1)) == 6
    assert document.line(("gone",)) is None
    assert dotted(("tool", "a b", "list", 1)) == 'tool."a b".list[1]'
