from __future__ import annotations

import errno
import hashlib
import io
from contextlib import suppress
from pathlib import Path

import pytest

from airavata_adapters.file_transfers.checksums import BackgroundDigest, parse_sums
from airavata_adapters.file_transfers.failures import remote_failure, source_failure, target_failure
from airavata_adapters.file_transfers.local_part import LocalPart
from airavata_adapters.file_transfers.sources import part_name
from airavata_workload.domain.errors import (
    CommandFailedError,
    DiskFullError,
    InputError,
    QuotaExceededError,
    StagingInputError,
)


@pytest.mark.parametrize("name", ["a", "n" * 255, "é" * 127, "漢" * 85, "-x", "new\nline", "\udcff" * 255])
def test_temporary_names_are_hidden_fit_and_tell_sources_apart(name: str) -> None:
    part = part_name(name, "one")
    assert part.startswith(".")
    assert part.endswith(".part")
    assert len(part.encode("utf-8", "surrogateescape")) <= 255
    assert part == part_name(name, "one")
    assert part not in (part_name(name, "two"), part_name(name + "x", "one"))


def test_sums_of_names_with_newlines_and_backslashes() -> None:
    digest = "0" * 64
    text = f"{digest}  plain\n\\{digest}  a\\nb\\\\c\n{digest} *binary\n{digest}\nsha256sum: x: No such file\n".encode()
    assert parse_sums(text) == [(digest, b"plain"), (digest, b"a\nb\\c"), (digest, b"binary"), (digest, b"")]


@pytest.mark.parametrize("size", [0, 1, 5 << 20, (9 << 20) + 3])
def test_hashing_in_the_background_is_hashing(size: int) -> None:
    content = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    digest = BackgroundDigest()
    digest.add_prefix(io.BytesIO(content), size // 2)
    for at in range(size // 2, size, 1 << 20):
        digest.add(content[at : at + (1 << 20)])
    assert digest.finish() == hashlib.sha256(content).hexdigest()


def test_a_part_stays_for_the_next_attempt_and_goes_when_the_disk_is_full(tmp_path: Path) -> None:
    final = tmp_path / "deep" / "file"
    with suppress(RuntimeError), LocalPart(final, "v1", checksum=True) as part:
        part.begin(0)
        part.write(b"first half ")
        raise RuntimeError
    assert not final.exists()
    with LocalPart(final, "v1", checksum=True) as part:
        assert part.size_bytes == 11
        assert part.prefix_sha256() == hashlib.sha256(b"first half ").hexdigest()
        part.begin(11)
        part.write(b"second half")
        assert part.finish() == hashlib.sha256(b"first half second half").hexdigest()
        part.commit()
    assert final.read_bytes() == b"first half second half"
    with suppress(DiskFullError), LocalPart(final, "v2", checksum=False) as part:
        part.begin(0)
        part.write(b"x")
        raise DiskFullError("full")
    assert [path.name for path in final.parent.iterdir()] == ["file"]


@pytest.mark.parametrize(
    ("stderr", "kind"),
    [
        ("cat: write error: No space left on device", DiskFullError),
        ("tar: x: Cannot write: Disk quota exceeded", QuotaExceededError),
        ("mv: cannot move: Permission denied", CommandFailedError),
        ("", CommandFailedError),
    ],
)
def test_what_the_far_side_says_decides_the_error(stderr: str, kind: type[Exception]) -> None:
    error = remote_failure(stderr, 1, "the file", "the machine")
    assert type(error) is kind
    assert "the file" in str(error)
    assert "the machine" in str(error)


@pytest.mark.parametrize(
    ("number", "kind"), [(errno.ENOSPC, DiskFullError), (errno.EDQUOT, QuotaExceededError), (errno.EACCES, InputError)]
)
def test_a_local_target_that_cannot_be_written(number: int, kind: type[Exception]) -> None:
    error = target_failure(OSError(number, "reason"), Path("/some/file"))
    assert type(error) is kind
    assert "/some/file" in str(error)


def test_a_local_source_that_cannot_be_read() -> None:
    error = source_failure(PermissionError(errno.EACCES, "Permission denied"), Path("/some/file"))
    assert type(error) is StagingInputError
    assert "'/some/file' cannot be staged: Permission denied" in str(error)
