"""Arguments from bytes and bytes from results, in the dialect of the peer.

What the server uses is :class:`DialectCodec`, one a listener; its state is one
:class:`~airavata_adapters.thrift_api.dialects.ConnectionDialect` a connection::

    codec = DialectCodec(pinned=None, gateways={})        # from the listener's settings, and from the gateways'
    dialect = codec.new_state()                           # when a peer connects
    arguments = codec.decode(createExperiment_args, content, dialect)
    if codec.told_gateway("portal", dialect):             # when the token has told the gateway
        arguments = codec.decode(createExperiment_args, content, dialect)
    content = codec.encode(createExperiment_result(success=...), dialect)

Every generated object in the program has the classic layout, whatever the peer speaks. Both layouts of every struct
that clashes go through the ``thrift`` library's C codec: see :mod:`~airavata_adapters.thrift_api.wire_specs`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from thrift.protocol import fastbinary
from thrift.protocol.TBinaryProtocol import TBinaryProtocol
from thrift.transport.TTransport import TMemoryBuffer

from airavata_adapters.thrift_api.codec import UndecodableError
from airavata_adapters.thrift_api.dialect_passes import after_reading, before_writing, proved_by_values
from airavata_adapters.thrift_api.dialects import ConnectionDialect, Dialect, Span
from airavata_adapters.thrift_api.wire_evidence import MAX_VALUES, EvidenceWalk
from airavata_adapters.thrift_api.wire_specs import Spec, reading_spec, writing_spec
from airavata_adapters.thrift_api.wire_texts import check_texts
from airavata_adapters.thrift_api.wire_watch import call_of

_NO_ARGUMENTS = b"\x00"


class DialectCodec:
    """The codec of a listener that serves every generation of clients, or the one that it is pinned to.

    Where the listener is not pinned, ``gateways`` says of which generation the clients of single gateways are.
    """

    def __init__(
        self,
        pinned: Dialect | None = None,
        gateways: Mapping[str, Dialect] = MappingProxyType({}),
        max_values: int = MAX_VALUES,
    ) -> None:
        self._pinned = pinned
        self._gateways = gateways
        self._max_values = max_values

    def new_state(self) -> ConnectionDialect:
        """What a peer that has just connected may speak."""
        return ConnectionDialect(self._pinned)

    def decode(self, struct_class: Any, content: bytes, state: ConnectionDialect) -> Any:
        """As ``Codec.decode``, for the generated ``..._args`` classes."""
        return read_arguments(content, struct_class, state, self._max_values)

    def told_gateway(self, gateway: str, state: ConnectionDialect) -> bool:
        """As ``Codec.told_gateway``. A listener's own dialect stays."""
        return self._pinned is None and state.pin(self._gateways.get(gateway))

    def encode(self, struct: Any, state: ConnectionDialect) -> bytes:
        """As ``Codec.encode``, for the generated ``..._result`` classes."""
        return write_result(struct, state)


def read_arguments(
    content: bytes, arguments_class: Any, dialect: ConnectionDialect, max_values: int = MAX_VALUES
) -> Any:
    """The arguments of a call as a generated object; ``dialect`` learns what they prove of the peer.

    An argument or field that the peer left out, or sent with a type that it does not have, is None or its default:
    whoever needs it checks. Raises ``UndecodableError`` if the bytes are no struct, nest too deep or hold too many
    values.
    """
    call = call_of(arguments_class)
    dialect.observe(call.by_method)
    if content == _NO_ARGUMENTS:
        dialect.observe(call.by_silence)
    elif call.arguments is not None or len(content) > max_values:  # a value takes a byte at least
        walk = EvidenceWalk(content, max_values)
        walk.run(call.arguments)
        for span in walk.evidence:
            dialect.observe(span)
    arguments = read_struct(content, arguments_class, dialect.span)
    for span in proved_by_values(arguments):
        dialect.observe(span)
    return arguments


def read_struct(content: bytes, struct: Any, span: Span) -> Any:
    """An object of a generated class from the bytes of a peer of these generations.

    Raises ``UndecodableError``, also for a text that is not UTF-8.
    """
    spec = reading_spec(struct, span)
    thing = _read(content, struct, spec)
    check_texts(thing, spec, content, lambda other: _read(content, struct, other))
    after_reading(thing, span)
    return thing


def _read(content: bytes, struct: Any, spec: Spec) -> Any:
    protocol = TBinaryProtocol(
        TMemoryBuffer(content), string_length_limit=len(content), container_length_limit=len(content)
    )
    try:
        # None: made from all its values at once, as a generated exception, which never changes, has to be
        return fastbinary.decode_binary(None, protocol, [struct, spec])
    except Exception as error:  # the C codec raises whatever comes: TypeError, ValueError, EOFError, OverflowError
        raise UndecodableError(f"{struct.__name__}: {error or 'the bytes end in the middle of a value'}") from error


def write_result(result: Any, dialect: ConnectionDialect) -> bytes:
    """The bytes of a ``..._result`` object, as the peer reads it: its layout, values it knows, nothing required
    missing.

    The object is changed by it, belongs to this one call and holds no object twice. Raises ``UndecodableError`` if a
    value has not the type that its field declares.
    """
    return write_struct(result, dialect.span)


def write_struct(thing: Any, span: Span) -> bytes:
    """As :func:`write_result`, for any generated object and peers of these generations."""
    before_writing(thing, span)
    struct = type(thing)
    try:
        content: bytes = fastbinary.encode_binary(thing, [struct, writing_spec(struct, span)])
    except Exception as error:  # as above
        raise UndecodableError(f"{struct.__name__} cannot be written: {error}") from error
    return content
