from __future__ import annotations

import subprocess

import pytest

from airavata_adapters.remote_shells.frame import FrameReader, build_frame, new_token
from airavata_workload.domain.errors import InputError

SHELLS = ["dash", "bash"]
TOKEN = "0123456789abcdef" * 2


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_an_answer_is_recognised_in_pieces_of_any_size(size: int) -> None:
    out = b"output \0" + TOKEN[:-1].encode() + b" not yet" + TOKEN.encode() + b"17."
    err = b"error" + TOKEN.encode()
    reader = FrameReader(TOKEN)
    for at in range(0, len(out), size):
        assert not reader.complete
        reader.add(out[at : at + size], b"")
    assert reader.stdout_done
    assert not reader.complete
    for at in range(0, len(err), size):
        reader.add(b"", err[at : at + size])
    result = reader.result()
    assert (result.exit_code, result.stderr) == (17, b"error")
    assert result.stdout == b"output \0" + TOKEN[:-1].encode() + b" not yet"


def test_tokens_are_128_bits_and_never_the_same() -> None:
    tokens = {new_token() for _ in range(1000)}
    assert len(tokens) == 1000
    assert {len(token) for token in tokens} == {32}


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("stdin", [b"", b"text\n", b"\0binary", b"no newline"])
def test_frames_follow_one_another_in_every_shell(shell: str, stdin: bytes) -> None:
    scripts = ["cat; exit 3", "if", "'", "cat <<E\nx", "exit 4 # '", "-x", "echo a\necho b"]
    frames = b"".join(build_frame(script, stdin, f"{TOKEN}{n}") for n, script in enumerate(scripts))
    # One shell is given all frames at once, as it would be if it read far ahead.
    done = subprocess.run([shell], input=frames, capture_output=True, timeout=30)
    rest_out, rest_err = done.stdout, done.stderr
    codes = []
    for n in range(len(scripts)):
        before, found, rest_out = rest_out.partition(f"{TOKEN}{n}".encode())
        assert found
        assert f"{TOKEN}{n}".encode() in rest_err
        code, _, rest_out = rest_out.partition(b".")
        codes.append(int(code))
        if n == 0:
            assert before == stdin
    assert codes[0] == 3
    assert codes[4] == 4
    assert codes[6] == 0
    assert rest_out == b""


def test_nul_and_lone_surrogates_are_refused() -> None:
    for script in ("a\0b", "\ud800"):
        with pytest.raises(InputError):
            build_frame(script, b"", TOKEN)
