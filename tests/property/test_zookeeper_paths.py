"""Whatever an id holds, it has one path of its own in ZooKeeper, and comes back out of it as it was."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from airavata_adapters.recovery_nodes.zookeeper_paths import SHARDS, Paths, quoted, unquoted
from airavata_workload.testing.samples import AWKWARD

# Also what UTF-8 cannot hold: ids may stem from file names that could not be decoded.
ids = st.text(st.characters(), max_size=60)
PLAIN = re.compile(r"[A-Za-z0-9_.~%-]+")


@given(ids)
@example("")
@example(".")
@example("..")
@example("...")
@example("%")
@example("%2E")
@example("a/b")
@example("/")
@example("\x00")
@example("\udcff")
@example("\U0010ffff")
@example(AWKWARD)
def test_an_id_is_one_component_and_comes_back(text: str) -> None:
    name = quoted(text)
    assert PLAIN.fullmatch(name)
    assert name not in {".", ".."}
    assert unquoted(name) == text


@given(st.lists(ids, min_size=2, max_size=20, unique=True))
@example(["", "%", "."])
@example([".", "%2E"])
def test_different_ids_have_different_paths(texts: list[str]) -> None:
    paths = Paths("/base")
    assert len({paths.experiment(text) for text in texts}) == len(texts)
    assert len({paths.owned_experiment("0f", text) for text in texts}) == len(texts)
    assert len({paths.member("0f", text) for text in texts}) == len(texts)


@given(ids)
def test_both_nodes_of_an_experiment_stand_in_the_same_shard(text: str) -> None:
    paths = Paths("/base")
    base, experiments, shard, name = paths.experiment(text).split("/")[1:]
    assert (base, experiments) == ("base", "experiments")
    assert shard in SHARDS
    assert paths.owned_experiment("0f", text) == f"/base/owned/0f/{shard}/{name}"
    assert f"/base/experiments/{shard}" in set(paths.lasting())
    assert f"/base/owned/0f/{shard}" in set(paths.owned_lists("0f"))


@pytest.mark.parametrize("many", [10_000])
def test_experiments_spread_evenly(many: int) -> None:
    paths = Paths("/base")
    counts = dict.fromkeys(SHARDS, 0)
    for number in range(many):
        counts[paths.experiment(f"experiment_{number}").split("/")[3]] += 1
    assert max(counts.values()) < 2 * many / len(SHARDS)
