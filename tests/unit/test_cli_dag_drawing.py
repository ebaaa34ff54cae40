"""DAGs drawn with boxes and lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from rich.cells import cell_len

from airavata_workload.cli.views.dag_drawing import Box, draw, shortened
from airavata_workload.cli.views.dag_layout import lay_out


def drawn(before: Mapping[str, Sequence[str]], columns: int = 80, **options: bool) -> str:
    boxes = {name: Box(name) for name in before}
    return "\n".join(line.plain for line in draw(boxes, before, columns=columns, **options))


def test_a_chain() -> None:
    assert drawn({"a": [], "b": ["a"]}) == "╭───╮\n│ a │\n╰─┬─╯\n  ▼\n╭───╮\n│ b │\n╰───╯"


def test_branch_and_join() -> None:
    expected = """\
    ╭───╮
    │ a │
    ╰─┬─╯
  ╭───┴───╮
  ▼       ▼
╭───╮   ╭───╮
│ b │   │ c │
╰─┬─╯   ╰─┬─╯
  ╰───┬───╯
      ▼
    ╭───╮
    │ d │
    ╰───╯"""
    assert drawn({"a": [], "b": ["a"], "c": ["a"], "d": ["b", "c"]}) == expected


def test_ascii_alone() -> None:
    expected = """\
    +---+
    | a |
    +-+-+
  +---+---+
  v       v
+---+   +---+
| b |   | c |
+---+   +---+"""
    assert drawn({"a": [], "b": ["a"], "c": ["a"]}, ascii_only=True) == expected


def test_an_edge_that_passes_a_layer_goes_round_the_box() -> None:
    lines = drawn({"a": [], "b": ["a"], "c": ["b", "a"]}).splitlines()
    box = next(line for line in lines if "│ b │" in line)
    assert box.replace("│ b │", "").strip() == "│", "the long edge passes beside the box"
    assert sum("▼" in line for line in lines) == 2


def test_no_line_where_there_is_no_edge() -> None:
    text = drawn({"a": [], "b": []})
    assert set(text) <= set("╭╮╰╯─│ab \n")


def test_wide_characters_take_two_columns() -> None:
    lines = drawn({"細胞": [], "b": ["細胞"]}).splitlines()
    assert len({cell_len(line) for line in lines[:3]}) == 1


@pytest.mark.parametrize("columns", [60, 80, 120])
@pytest.mark.parametrize("ascii_only", [False, True])
def test_never_wider_than_allowed_and_nothing_is_lost(columns: int, ascii_only: bool) -> None:
    before: dict[str, list[str]] = {"start": []}
    for layer in range(4):
        for number in range(layer + 2):
            before[f"t{layer}{number}"] = [name for name in before if name.startswith(f"t{layer - 1}")] or ["start"]
    lines = drawn(before, columns, ascii_only=ascii_only).splitlines()
    assert max(map(cell_len, lines)) <= columns
    for name in before:
        assert sum(name in line for line in lines) == 1
    assert not ascii_only or all(line.isascii() for line in lines)


def test_what_cannot_be_drawn_is_listed() -> None:
    before: dict[str, list[str]] = {"start": []} | {f"number-{index}": ["start"] for index in range(30)}
    lines = drawn(before, 60).splitlines()
    assert lines[0] == "start"
    assert lines[30] == "number-29  ← start"


def test_names_do_not_command_the_terminal() -> None:
    assert "\x1b" not in "".join(line.plain for line in draw({"a": Box("\x1b[31m")}, {}, columns=80))


def test_shortened() -> None:
    assert shortened("integrate", 9) == "integrate"
    assert shortened("integrate", 6) == "integ…"
    assert shortened("integrate", 6, ascii_only=True) == "int..."
    assert cell_len(shortened("細胞細胞", 5)) <= 5


def test_few_edges_cross() -> None:
    # drawn in the order given, the two edges would cross
    layout = lay_out({"a": 5, "b": 5, "c": 5, "d": 5}, {"c": ["b"], "d": ["a"]})
    assert [place.key for place in layout.layers[1]] == ["d", "c"]


def test_a_circle_is_refused() -> None:
    with pytest.raises(ValueError, match="a circle among a, b"):
        lay_out({"a": 5, "b": 5}, {"a": ["b"], "b": ["a"]})


def test_nothing_to_draw() -> None:
    assert drawn({}) == ""
