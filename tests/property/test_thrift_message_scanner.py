"""The scanner finds the end of a message however its bytes are cut, and survives whatever is no message."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from thrift.protocol.TBinaryProtocol import TBinaryProtocol
from thrift.Thrift import TType
from thrift.transport.TTransport import TMemoryBuffer

from airavata_adapters.thrift_api.limits import Limits
from airavata_adapters.thrift_api.message_scanner import MessageScanner, ScanError

LIMITS = Limits(message_bytes=100_000, container_items=1000, depth=20)

SCALARS = {
    TType.BOOL: st.booleans(),
    TType.BYTE: st.integers(-128, 127),
    TType.DOUBLE: st.floats(allow_nan=False),
    TType.I16: st.integers(-(2**15), 2**15 - 1),
    TType.I32: st.integers(-(2**31), 2**31 - 1),
    TType.I64: st.integers(-(2**63), 2**63 - 1),
    TType.STRING: st.binary(max_size=40),
}


def typed() -> st.SearchStrategy[tuple[int, Any]]:
    """A wire type and a value of it."""
    scalars = st.sampled_from(sorted(SCALARS)).flatmap(lambda kind: st.tuples(st.just(kind), SCALARS[kind]))
    return st.recursive(scalars, containers, max_leaves=12)


def containers(inner: st.SearchStrategy[tuple[int, Any]]) -> st.SearchStrategy[tuple[int, Any]]:
    structs = st.tuples(st.just(TType.STRUCT), st.lists(inner, max_size=4))
    # One element again and again: all of a container's elements are of one type.
    lists = st.tuples(
        st.sampled_from([TType.LIST, TType.SET]), st.tuples(st.integers(0, 5), inner).map(lambda p: [p[1]] * p[0])
    )
    maps = st.tuples(
        st.just(TType.MAP), st.tuples(st.integers(0, 4), inner, inner).map(lambda p: [(p[1], p[2])] * p[0])
    )
    return structs | lists | maps


def write(protocol: TBinaryProtocol, kind: int, value: Any) -> None:
    if kind == TType.STRUCT:
        for number, (inner, content) in enumerate(value, 1):
            protocol.writeFieldBegin("", inner, number)
            write(protocol, inner, content)
        protocol.writeFieldStop()
    elif kind == TType.MAP:
        types = (value[0][0][0], value[0][1][0]) if value else (0, 0)
        protocol.writeMapBegin(*types, len(value))
        for pair in value:
            for inner, content in pair:
                write(protocol, inner, content)
    elif kind in (TType.LIST, TType.SET):
        protocol.writeListBegin(value[0][0] if value else 0, len(value))
        for inner, content in value:
            write(protocol, inner, content)
    else:
        writers = {
            TType.BOOL: protocol.writeBool,
            TType.BYTE: protocol.writeByte,
            TType.DOUBLE: protocol.writeDouble,
            TType.I16: protocol.writeI16,
            TType.I32: protocol.writeI32,
            TType.I64: protocol.writeI64,
            TType.STRING: protocol.writeBinary,
        }
        writers[kind](value)


def message(fields: list[tuple[int, Any]], name: str, strict: bool, framed: bool) -> bytes:
    transport = TMemoryBuffer()
    protocol = TBinaryProtocol(transport, strictWrite=strict)
    protocol.writeMessageBegin(name, 1, 42)
    write(protocol, TType.STRUCT, fields)
    content: bytes = transport.getvalue()
    return len(content).to_bytes(4, "big") + content if framed else content


def fed(scanner: MessageScanner, data: bytearray, content: bytes, cuts: list[int]) -> int | None:
    """The end that the scanner finds when the content comes in pieces."""
    places = sorted({cut % (len(content) + 1) for cut in cuts} | {len(content)})
    end, begin = None, 0
    for place in places:
        data += content[begin:place]
        begin = place
        assert end is None, "the end was found before the last byte"
        end = scanner.scan(data)
    return end


MESSAGES = st.builds(
    message, st.lists(typed(), max_size=5), st.text(max_size=20), st.booleans(), st.just(False)
) | st.builds(message, st.lists(typed(), max_size=5), st.text(max_size=20), st.just(True), st.just(True))


@given(st.lists(MESSAGES, min_size=1, max_size=3), st.lists(st.integers(0, 10_000), max_size=20))
def test_any_cut_gives_the_same_messages(messages: list[bytes], cuts: list[int]) -> None:
    scanner, data = MessageScanner(LIMITS), bytearray()
    for content in messages:
        assert fed(scanner, data, content, cuts) == len(content)
        assert scanner.header is not None
        assert scanner.header.sequence_id == 42
        del data[: len(content)]
        scanner.reset()
    assert not data


@given(MESSAGES)
@settings(max_examples=30)
def test_byte_by_byte_gives_the_same(content: bytes) -> None:
    scanner, data = MessageScanner(LIMITS), bytearray()
    assert fed(scanner, data, content, list(range(len(content)))) == len(content)


@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=6))
def test_random_bytes_end_or_are_refused_and_the_cut_does_not_matter(content: bytes, cuts: list[int]) -> None:
    assert outcome(content, []) == outcome(content, cuts)


@given(MESSAGES, st.integers(0, 10_000), st.integers(1, 255), st.lists(st.integers(0, 300), max_size=6))
def test_so_do_damaged_messages(content: bytes, place: int, flip: int, cuts: list[int]) -> None:
    damaged = bytearray(content)
    damaged[place % len(damaged)] ^= flip
    assert outcome(bytes(damaged), []) == outcome(bytes(damaged), cuts)


def outcome(content: bytes, cuts: list[int]) -> object:
    """The end, None, or what is wrong: the first that is found."""
    scanner, data = MessageScanner(LIMITS), bytearray()
    places = sorted({cut % (len(content) + 1) for cut in cuts} | {len(content)})
    begin = 0
    try:
        for place in places:
            data += content[begin:place]
            begin = place
            end = scanner.scan(data)
            if end is not None:
                return end
    except ScanError as error:
        return str(error)
    return None


def test_a_length_beyond_the_limit_is_refused_before_its_bytes_come() -> None:
    head = b"\x80\x01\x00\x01" + (1).to_bytes(4, "big") + b"x" + bytes(4)
    with pytest.raises(ScanError, match="message_bytes"):
        MessageScanner(LIMITS).scan(bytearray(head + b"\x0b\0\1" + (200_000).to_bytes(4, "big")))


def test_the_work_is_linear_however_small_the_pieces_are() -> None:
    """A megabyte of small values in 10,000 pieces; begun anew with every piece it would take minutes."""
    fields = [(TType.STRUCT, [(TType.I32, 1)] * 10)] * 9_000
    content = message(fields, "m", True, False)
    scanner, data = MessageScanner(Limits()), bytearray()
    begun_s = time.process_time()
    piece = len(content) // 10_000
    assert fed(scanner, data, content, list(range(0, len(content), piece))) == len(content)
    assert time.process_time() - begun_s < 10
