"""What every remote shell promises. Subclass ``RemoteShellSuite`` and give it a ``shell``."""

from __future__ import annotations

import shlex
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import NoReturn

import pytest

from airavata_workload.domain.errors import CommandTimeoutError, InputError, TaskCancelled
from airavata_workload.ports.remote_shell import RemoteShell

HOSTILE_SCRIPTS = (
    "if",
    "'",
    '"',
    "`",
    "$(",
    "(",
    "}",
    "{",
    ")",
    ";;",
    "cat <<END\nno end",
    "echo \\",
    "-x",
    "# only a comment",
    "",
    "\n",
    "exit 7",
    "set -e; false; echo not reached",
    "set -u; echo $undefined_variable",
    "exec false",
    "exec >&- 2>&-",
    "cd /; return 3",
    "break; continue",
    "trap 'echo gone' EXIT; exit 5",
    "ulimit -n 3; echo x",
    "unset PATH; nothing",
    "alias printf=false; eval() { :; }; printf() { :; }",
    "exit 300",
)
"""Scripts that try to get out of the command that they are."""


class RemoteShellSuite:
    """Conformance tests of ``RemoteShell``. They write nothing on the machine."""

    @pytest.fixture
    def shell(self) -> RemoteShell:
        """The shell under test. Override it."""
        _must_override("shell")

    def test_returns_output_errors_and_exit_code(self, shell: RemoteShell) -> None:
        result = shell.run("echo out; echo err >&2; exit 3")
        assert (result.stdout, result.stderr, result.exit_code) == (b"out\n", b"err\n", 3)

    def test_output_is_bytes_unchanged(self, shell: RemoteShell) -> None:
        result = shell.run(r"printf '\000\001\377\r\n\033no newline at the end'; printf '\000' >&2")
        assert result.stdout == b"\x00\x01\xff\r\n\x1bno newline at the end"
        assert result.stderr == b"\x00"

    def test_nothing_printed_is_nothing_returned(self, shell: RemoteShell) -> None:
        result = shell.run("true")
        assert (result.stdout, result.stderr, result.exit_code) == (b"", b"", 0)

    @pytest.mark.parametrize(
        "data",
        [
            b"",
            b"plain\n",
            b"no newline",
            b"a\n\nEOF\n",
            bytes(range(256)),
            b"\0" * 10,
            b"x" * 70_000,
            b"\xff\0" * 500_000,
        ],
        ids=["empty", "text", "no-newline", "heredoc-word", "all-bytes", "nul", "beyond-a-frame", "megabyte"],
    )
    def test_stdin_arrives_unchanged(self, shell: RemoteShell, data: bytes) -> None:
        assert shell.run("cat", stdin=data).stdout == data

    def test_without_stdin_a_reader_sees_the_end_at_once(self, shell: RemoteShell) -> None:
        assert shell.run("cat; echo done").stdout == b"done\n"

    def test_a_script_need_not_read_its_stdin(self, shell: RemoteShell) -> None:
        assert shell.run("exec 0<&-; echo done", stdin=b"y" * 500_000).stdout == b"done\n"

    def test_large_output_on_both_streams(self, shell: RemoteShell) -> None:
        result = shell.run("head -c 3000000 /dev/zero; head -c 3000000 /dev/zero >&2; echo end")
        assert (len(result.stdout), len(result.stderr)) == (3_000_004, 3_000_000)

    @pytest.mark.parametrize("script", HOSTILE_SCRIPTS)
    def test_no_script_harms_the_next_command(self, shell: RemoteShell, script: str) -> None:
        shell.run(script)
        result = shell.run("echo $((6*7)); pwd >/dev/null; echo fine >&2; exit 4")
        assert (result.stdout, result.stderr, result.exit_code) == (b"42\n", b"fine\n", 4)

    @pytest.mark.parametrize("script", HOSTILE_SCRIPTS)
    def test_no_script_loses_its_stdin_to_the_shell(self, shell: RemoteShell, script: str) -> None:
        shell.run(script, stdin=b"echo this is data and no command\n")
        assert shell.run("echo next").stdout == b"next\n"

    def test_commands_do_not_see_one_another(self, shell: RemoteShell) -> None:
        shell.run("cd /; left_behind=1; export left_behind; umask 000; set -f")
        result = shell.run('echo "${left_behind-none}"; [ "$(pwd)" != / ] && echo elsewhere; echo /et[c]')
        assert result.stdout == b"none\nelsewhere\n/etc\n"

    @pytest.mark.parametrize(
        "word", ["a b", "'", '"', "$(echo no)", "`echo no`", "new\nline", "-n", "*", "ü€", "\\", "!", "\udcff", "~"]
    )
    def test_quoted_words_arrive_as_they_are(self, shell: RemoteShell, word: str) -> None:
        result = shell.run(f"printf %s {shlex.quote(word)}")
        assert result.stdout == word.encode("utf-8", "surrogateescape")

    def test_nul_in_a_script_is_refused(self, shell: RemoteShell) -> None:
        with pytest.raises(InputError):
            shell.run("echo \0")

    def test_long_script(self, shell: RemoteShell) -> None:
        assert shell.run("echo start\n" + ": comment\n" * 20_000 + "echo end").stdout == b"start\nend\n"

    def test_time_out_ends_the_command_and_leaves_the_shell_usable(self, shell: RemoteShell) -> None:
        began = time.monotonic()
        with pytest.raises(CommandTimeoutError):
            shell.run("sleep 60", timeout_s=0.3)
        assert time.monotonic() - began < 20
        assert shell.run("echo on").stdout == b"on\n"

    def test_cancelling_ends_the_wait(self, shell: RemoteShell) -> None:
        shell.run("true")
        wanted = threading.Event()
        timer = threading.Timer(0.2, wanted.set)
        timer.start()
        with pytest.raises(TaskCancelled):
            shell.run("sleep 60", cancelled=wanted.is_set)
        assert shell.run("echo on").stdout == b"on\n"

    def test_cancelled_before_it_began(self, shell: RemoteShell) -> None:
        with pytest.raises(TaskCancelled):
            shell.run("true", cancelled=lambda: True)

    def test_many_threads_get_their_own_answers(self, shell: RemoteShell) -> None:
        def ask(number: int) -> bytes:
            return shell.run(f"printf %s {number}; printf %s {number} >&2", stdin=str(number).encode()).stdout

        with ThreadPoolExecutor(20) as threads:
            answers = list(threads.map(ask, range(200)))
        assert answers == [str(number).encode() for number in range(200)]

    def test_slow_commands_run_side_by_side(self, shell: RemoteShell) -> None:
        # Each waits for the other's end of a rendezvous that only commands under way at the same time can keep.
        directory = shell.run("mktemp -d").text.strip()
        word = shlex.quote(directory)

        def meet(mine: str, other: str) -> int:
            script = f": >{word}/{mine}; until [ -e {word}/{other} ]; do sleep 0.02; done"
            return shell.run(script, timeout_s=30).exit_code

        with ThreadPoolExecutor(2) as threads:
            codes = list(threads.map(meet, ("a", "b"), ("b", "a")))
        shell.run(f"rm -rf {word}")
        assert codes == [0, 0]

    def test_check_names_the_machine(self, shell: RemoteShell) -> None:
        assert shell.run("uname -n").text.strip() in shell.check()

    def test_a_closed_shell_opens_again(self, shell: RemoteShell) -> None:
        shell.run("true")
        shell.close()
        assert shell.run("echo again").stdout == b"again\n"


def _must_override(fixture: str) -> NoReturn:
    raise AssertionError(f"The conformance suite needs a fixture '{fixture}': override it in the subclass.")
