"""References mean the same whether they are resolved in one pass or in two, whatever users write."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airavata_workload.domain import references
from airavata_workload.domain.errors import DagError

# Made of the characters that could be taken for syntax.
awkward = st.text(alphabet=st.sampled_from("${}*a.b $\n'\"\\é"), max_size=12)
values = st.one_of(
    awkward,
    st.integers(),
    st.booleans(),
    st.none(),
    st.lists(awkward, max_size=3),
    st.dictionaries(st.sampled_from(["a", "b"]), awkward),
)
scopes = st.fixed_dictionaries(
    {
        "inputs": st.fixed_dictionaries({"x": values, "y": awkward, "many": st.lists(awkward, max_size=3)}),
        "tasks": st.fixed_dictionaries({"t": st.fixed_dictionaries({"outputs": st.fixed_dictionaries({"o": values})})}),
    }
)
literal = st.text(alphabet=st.sampled_from("${}*ab $"), max_size=6).filter(
    lambda text: not any(True for _ in references.find(text))
)
# A text ends in no dollar sign before a reference: "$${" has a meaning of its own.
piece = st.one_of(
    st.sampled_from(["${inputs.x}", "${inputs.y}", "${tasks.t.outputs.o}", "$${", "${$}", "${inputs.many}"]),
    literal.filter(lambda text: not text.endswith("$") and "${" not in text),
)
templates = st.one_of(
    st.lists(piece, max_size=5).map("".join),
    st.lists(st.one_of(piece, st.just("${*inputs.many}")), max_size=4),
    st.dictionaries(st.sampled_from(["a", "b"]), piece),
).filter(lambda value: set(references.find(value)) <= {"inputs.x", "inputs.y", "inputs.many", "tasks.t.outputs.o"})


@given(template=templates, scope=scopes)
def test_two_passes_give_what_one_gives(template: object, scope: dict[str, dict[str, object]]) -> None:
    at_once = references.resolve(template, scope)
    first = references.resolve(template, {"inputs": scope["inputs"]}, defer=True)
    assert references.resolve(first, {"tasks": scope["tasks"]}) == at_once


@given(value=values)
def test_a_reference_alone_gives_the_value_itself(value: object) -> None:
    assert references.resolve("${inputs.x}", {"inputs": {"x": value}}) == value


@given(text=awkward, before=st.sampled_from(["", "a", "-- "]), after=st.sampled_from(["", "{", "}", "{b}", "$"]))
def test_what_a_user_writes_is_never_taken_for_a_reference(text: str, before: str, after: str) -> None:
    template = f"{before}${{inputs.x}}{after}"
    first = references.resolve(template, {"inputs": {"x": text}}, defer=True)
    assert list(references.find(first)) == []
    assert references.resolve(first, {}) == f"{before}{text}{after}"


@given(items=st.lists(awkward, max_size=4))
def test_a_spread_reference_puts_the_items_of_a_list_in_its_place(items: list[str]) -> None:
    scope = {"inputs": {"parts": items}}
    assert references.resolve(["cat", "${*inputs.parts}", "-n"], scope) == ["cat", *items, "-n"]


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("costs 5 $ or $5", "costs 5 $ or $5"),
        ("$${HOME}", "${HOME}"),
        ("${$}${inputs.n}", "$3"),
        ("${inputs.n}", 3),
        ("n=${inputs.n}", "n=3"),
        ("${inputs.flag}!", "true!"),
        ("${inputs.none}!", "!"),
        ("${inputs.many}.", "a b."),
        ("${inputs.many.1}", "b"),
        ("${inputs.table}.", '{"é": 1}.'),
        ("${inputs.n", "${inputs.n"),
    ],
)
def test_text_around_references(template: str, expected: object) -> None:
    scope = {"inputs": {"n": 3, "flag": True, "none": None, "many": ["a", "b"], "table": {"é": 1}}}
    assert references.resolve(template, scope) == expected


def test_outputs_of_tasks_wait_for_the_second_pass() -> None:
    template = ["${*tasks.part.outputs.file}", "${tasks.part.outputs.file}", "${inputs.x}"]
    first = references.resolve(template, {"inputs": {"x": "1"}}, defer=True)
    assert first == ["${*tasks.part.outputs.file}", "${tasks.part.outputs.file}", "1"]
    scope = {"tasks": {"part": {"outputs": {"file": ["a", "b"]}}}}
    assert references.resolve(first, scope) == ["a", "b", ["a", "b"], "1"]


@pytest.mark.parametrize("template", ["${nothing}", "a ${inputs.z}", "${inputs.x.y}", "${}", "${inputs.many.7}"])
def test_what_is_not_there_is_named(template: str) -> None:
    with pytest.raises(DagError, match="refers to"):
        references.resolve(template, {"inputs": {"x": "text", "many": []}})


def test_only_lists_are_spread() -> None:
    with pytest.raises(DagError, match="spreads a list"):
        references.resolve(["${*inputs.x}"], {"inputs": {"x": "text"}})


def test_find_tells_of_every_reference_and_of_nothing_else() -> None:
    value = {"a": ["${x.y} $${no} ${$} ${*tasks.t.outputs.o}"], "b": {"c": "${z}"}, "d": 5}
    assert list(references.find(value)) == ["x.y", "tasks.t.outputs.o", "z"]


@pytest.mark.parametrize(("text", "unclosed"), [("${a", True), ("${a}", False), ("$${a", False), ("${a${b}", True)])
def test_a_reference_without_its_end_is_noticed(text: str, unclosed: bool) -> None:
    assert references.unclosed(text) is unclosed
