"""The services behind one port: which method is meant, who calls, what is answered, whatever goes wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from thrift.Thrift import TApplicationException

from airavata_adapters.thrift_api.binding import BoundMethod, Signature, bound, methods_of
from airavata_adapters.thrift_api.codec import Codec, UndecodableError
from airavata_adapters.thrift_api.failures import declared, unexpected
from airavata_adapters.thrift_api.interfaces import Interface
from airavata_adapters.thrift_api.message import Request, answer, refusal
from airavata_adapters.thrift_api.service import Peer, Session
from airavata_adapters.thrift_api.targets import Constant, Target
from airavata_workload.api.access.listening import internal_caller
from airavata_workload.domain.caller import Caller
from airavata_workload.domain.errors import WorkloadError

Authenticate = Callable[[str, Mapping[str, str]], Caller]
"""Of an access token and the claims beside it. Raises ``DeniedError``."""

_NO_ARGUMENTS = b"\x00"

AT_ONCE_BYTES = 64 * 1024
"""Arguments that are read while all other clients wait; a token with its claims has a few thousand."""


class _UnreadableError(Exception):
    """The request cannot be read: as ``UndecodableError``, which an answer that cannot be written is, too."""


class Processor:
    """One Thrift service, bound to the application layer."""

    def __init__(self, interface: Interface, targets: Mapping[str, Target], api: Any) -> None:
        self.interface = interface
        self._signatures = {name: Signature(interface, name) for name in methods_of(interface)}
        answers = {name: bound(interface, name, target, api) for name, target in targets.items()}
        self.constants = {name: each for name, each in answers.items() if isinstance(each, Constant)}
        self.bound = {name: each for name, each in answers.items() if isinstance(each, BoundMethod)}

    def signature(self, method: str) -> Signature | None:
        """The method's signature; None if the service has no such method."""
        return self._signatures.get(method)


class Endpoint:
    """A ``Service`` over one processor for plain calls and any number for multiplexed ones."""

    def __init__(
        self, plain: Processor, others: Sequence[Processor], *, codec: Codec, authenticate: Authenticate
    ) -> None:
        self._plain = plain
        self._named = {name: each for each in (*others, plain) for name in each.interface.multiplexed_as}
        self._codec = codec
        self._authenticate = authenticate

    def session(self, peer: Peer) -> Session:
        """As ``Service.session``."""
        return Session(peer, self._codec.new_state())

    def answer_at_once(self, request: Request, session: Session) -> bytes | None:
        """As ``Service.answer_at_once``: constants, and methods that do not exist."""
        processor = self._named.get(request.service) if request.service else self._plain
        if processor is None:
            known = ", ".join(sorted(self._named))
            return _unknown(request, f"There is no service '{request.service}' here; there are {known}.")
        constant = processor.constants.get(request.method)
        if constant is not None and len(request.body) <= AT_ONCE_BYTES:
            return self._constant(processor, constant, request, session)
        if processor.signature(request.method) is None:
            return _unknown(request, f"Invalid method name: '{request.method}' ({processor.interface.name}).")
        return None

    def answer(self, request: Request, session: Session) -> bytes:
        """As ``Service.answer``."""
        processor = self._named[request.service] if request.service else self._plain
        constant = processor.constants.get(request.method)
        if constant is not None:
            return self._constant(processor, constant, request, session)
        signature = processor.signature(request.method)
        assert signature is not None  # noqa: S101 - ``answer_at_once`` has seen to the others
        try:
            return self._called(processor.bound.get(request.method), signature, request, session)
        except _UnreadableError as error:
            return _refused(request, TApplicationException.PROTOCOL_ERROR, str(error))
        except WorkloadError as error:
            failure = error
        except Exception as error:  # noqa: BLE001 - whatever it is, the client gets an answer and the others go on
            failure = unexpected(error, processor.interface.name, request.method)
        return self._failed(failure, signature, request, session)

    def _called(self, method: BoundMethod | None, signature: Signature, request: Request, session: Session) -> bytes:
        arguments = self._read(signature, request, session)
        caller = self._caller(signature, arguments, session)
        if signature.token_field is not None and self._codec.told_gateway(caller.gateway, session.dialect):
            arguments = self._read(signature, request, session)
        if method is None:
            raise WorkloadError(f"{signature.place} is not offered by this server.", remedy="Ask its operators for it.")
        result = method.call(arguments, caller)
        if request.one_way:
            return b""
        if signature.success is not None and result.success is None:
            text = f"{request.method} has no result: what was asked for is not set."
            return refusal(request, TApplicationException.MISSING_RESULT, text)
        return answer(request, self._codec.encode(result, session.dialect))

    def _read(self, signature: Signature, request: Request, session: Session) -> Any:
        try:
            return self._codec.decode(signature.args_class, request.body, session.dialect)
        except UndecodableError as error:
            raise _UnreadableError(str(error)) from error

    def _caller(self, signature: Signature, arguments: Any, session: Session) -> Caller:
        if signature.token_field is None:
            peer = session.peer
            return internal_caller(peer.host, has_client_certificate=peer.has_certificate)
        token = getattr(arguments, signature.token_field)
        if token is None:
            return self._authenticate("", {})
        return self._authenticate(token.accessToken or "", token.claimsMap or {})

    def _failed(self, error: WorkloadError, signature: Signature, request: Request, session: Session) -> bytes:
        if request.one_way:
            return b""
        found = declared(error, signature.throws)
        if found is None:
            return refusal(request, TApplicationException.INTERNAL_ERROR, str(error))
        field, exception = found
        try:
            result = self._codec.encode(signature.result_class(**{field: exception}), session.dialect)
        except UndecodableError as trouble:
            failure = unexpected(trouble, signature.interface.name, request.method)
            return refusal(request, TApplicationException.INTERNAL_ERROR, str(failure))
        return answer(request, result)

    def _constant(self, processor: Processor, constant: Constant, request: Request, session: Session) -> bytes:
        signature = processor.signature(request.method)
        assert signature is not None  # noqa: S101 - a table's methods exist, see Processor
        try:
            if request.body != _NO_ARGUMENTS or request.method not in session.asked:
                # Nothing in them matters for the answer, but they may show which generation asks.
                self._codec.decode(signature.args_class, request.body, session.dialect)
                session.asked.add(request.method)
        except UndecodableError as error:
            return _refused(request, TApplicationException.PROTOCOL_ERROR, str(error))
        if request.one_way:
            return b""
        return answer(request, self._codec.encode(signature.result_class(success=constant.value), session.dialect))


def _unknown(request: Request, text: str) -> bytes:
    return _refused(request, TApplicationException.UNKNOWN_METHOD, text)


def _refused(request: Request, kind: int, text: str) -> bytes:
    return b"" if request.one_way else refusal(request, kind, text)
