"""Small pieces of text."""

from __future__ import annotations

import pytest

from airavata_workload.cli.views import plain_text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text, Größe, 細胞, it's", "plain text, Größe, 細胞, it's"),
        ("a\nb\tc\rd", "a\\nb\\tc\\rd"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("\x07\x7f\x9b", "\\x07\\x7f\\x9b"),
        ("right\u202eleft", "right\\u202eleft"),
        ("no\u00a0break", "no\u00a0break"),
        ("half \ud800", "half \\ud800"),
        ("\U000e0001", "\\U000e0001"),
    ],
)
def test_printable_spells_out_what_could_command_a_terminal(text: str, shown: str) -> None:
    assert plain_text.printable(text) == shown


def test_lines_of_keeps_lines() -> None:
    assert plain_text.lines_of("one\ntwo\x1b") == "one\ntwo\\x1b"


@pytest.mark.parametrize(
    ("microseconds", "shown"),
    [
        (-5, "0.0 s"),
        (0, "0.0 s"),
        (400_000, "0.4 s"),
        (59_940_000, "59.9 s"),
        (59_960_000, "1:00"),
        (65_000_000, "1:05"),
        (7_390_000_000, "2:03:10"),
        (262_800_000_000, "3 d 01:00:00"),
    ],
)
def test_duration(microseconds: int, shown: str) -> None:
    assert plain_text.duration(microseconds) == shown


@pytest.mark.parametrize(
    ("size_bytes", "shown"),
    [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1_500_000, "1.4 MiB"), (5 * 1024**4, "5120.0 GiB")],
)
def test_size(size_bytes: int, shown: str) -> None:
    assert plain_text.size(size_bytes) == shown


@pytest.mark.parametrize(("seconds", "shown"), [(0, "now"), (12, "12 s ago"), (125, "2 min ago"), (7200, "2 h ago")])
def test_ago(seconds: int, shown: str) -> None:
    now_us = 1_800_000_000_000_000
    assert plain_text.ago(now_us - seconds * 1_000_000, now_us) == shown


def test_ago_becomes_a_date_after_a_day() -> None:
    now_us = 1_800_000_000_000_000  # 2027-01-15
    assert plain_text.ago(now_us - 3 * 86_400_000_000, now_us)[2:7] == " Jan "
    assert plain_text.ago(now_us - 90 * 86_400_000_000, now_us).endswith(" 2026")


def test_short_id_names_the_experiment_still() -> None:
    full = "my_run_1b4e28ba-2fa1-11d2-883f-0016d3cca427"
    assert plain_text.short_id(full) == "my_run_1b4e28ba"
    assert full.startswith(plain_text.short_id(full))
    assert plain_text.short_id("of another kind") == "of another kind"


def test_plural() -> None:
    assert [plain_text.plural(count, "task") for count in (0, 1, 2)] == ["0 tasks", "1 task", "2 tasks"]
