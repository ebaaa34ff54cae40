"""Which integration tests may run beside each other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from integration.lane_of_module import LONGEST_FIRST, TOGETHER, lane_of, turn

FOLDER = Path(__file__).parents[1] / "integration"
MODULES = {path.stem: path.read_text(encoding="utf-8") for path in FOLDER.glob("test_*.py")}


def test_what_is_named_is_there() -> None:
    named = [module for modules in TOGETHER.values() for module in modules]
    assert sorted(named) == sorted(set(named) & set(MODULES))
    assert set(LONGEST_FIRST) <= set(TOGETHER) | set(MODULES)


@pytest.mark.parametrize(
    ("lane", "needs"),
    [("neo4j", r"\b(neo4j_server|distributed): "), ("slurm", r"\bscontrol\b|\brun_and_kill\(")],
)
def test_who_uses_what_cannot_be_shared_is_in_its_lane(lane: str, needs: str) -> None:
    users = {module for module, text in MODULES.items() if re.search(needs, text)}
    assert users
    assert users <= set(TOGETHER[lane])


def test_lanes_that_take_long_begin_first() -> None:
    order = [lane_of(module) for module in sorted(MODULES, key=turn)]
    assert list(dict.fromkeys(order))[: len(LONGEST_FIRST)] == list(LONGEST_FIRST)
    assert sorted(set(order)) == sorted({lane_of(module) for module in MODULES})
