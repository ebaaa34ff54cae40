"""Which experiments recovery looks after because nothing of them moves."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from airavata_workload.recovery.idle import AT_ONCE, IDLE_S, IdleExperiments

Look = tuple[frozenset[str], frozenset[str], float]
NAMES = st.frozensets(st.sampled_from("abcdef"))
LOOKS = st.lists(st.tuples(NAMES, NAMES, st.floats(0.0, 2 * IDLE_S)), max_size=30)


@given(LOOKS)
def test_exactly_those_are_due_that_have_been_idle_for_so_long(looks: list[Look]) -> None:
    idle, now_s = IdleExperiments(), 0.0
    since_s: dict[str, float] = {}
    for open_ones, moving, later_s in looks:
        now_s += later_s
        still = open_ones - moving
        since_s = {each: since_s.get(each, now_s) for each in still}
        expected = {each for each in still if since_s[each] + IDLE_S <= now_s}
        assert set(idle.due(open_ones, moving, now_s)) == expected
        since_s |= dict.fromkeys(expected, now_s)


def test_of_many_a_few_are_looked_after_at_once_and_all_in_turn() -> None:
    idle, everybody = IdleExperiments(), [f"experiment {number}" for number in range(3 * AT_ONCE)]
    assert not idle.due(everybody, [], 0.0)
    seen = [idle.due(everybody, [], IDLE_S + second) for second in range(3)]
    assert [len(each) for each in seen] == [AT_ONCE] * 3
    assert sorted(each for some in seen for each in some) == sorted(everybody)
    assert not idle.due(everybody, [], IDLE_S + 3)
