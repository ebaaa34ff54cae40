"""What goes wrong with a broker, in the engine's words. No message holds a login."""

from __future__ import annotations

import ssl
from collections.abc import Iterator

from pika import exceptions
from pika.adapters.utils.connection_workflow import AMQPConnectorStackTimeout

from airavata_adapters.rabbitmq.options import Broker
from airavata_workload.domain.errors import (
    AuthenticationError,
    ConflictError,
    DeniedError,
    NotFoundError,
    StoreUnavailableError,
    WorkloadError,
)

# Reply codes. Source: AMQP 0-9-1 reference, "Constants".
ACCESS_REFUSED = 403
NOT_FOUND = 404
RESOURCE_LOCKED = 405
PRECONDITION_FAILED = 406
NOT_ALLOWED = 530


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what it wraps; pika nests the phases of a connection in ``exceptions`` and ``exception``."""
    yield error
    inner = [*getattr(error, "exceptions", ()), getattr(error, "exception", None), *error.args]
    for each in inner:
        if isinstance(each, BaseException):
            yield from _causes(each)


def connection_error(broker: Broker, error: BaseException) -> WorkloadError:
    """Why no connection to this broker could be opened."""
    if isinstance(error, WorkloadError):
        return error
    causes = list(_causes(error))
    codes = {cause.args[0] for cause in causes if isinstance(cause, exceptions.ConnectionClosed)}
    refusals = (exceptions.AuthenticationError, exceptions.ProbableAuthenticationError)
    if ACCESS_REFUSED in codes or any(isinstance(cause, refusals) for cause in causes):
        return AuthenticationError(
            f"{broker.name} refused the login of user '{broker.user}'.",
            remedy="Correct user and password in the option 'urls'; special characters are percent-encoded there.",
        )
    if NOT_ALLOWED in codes or any(isinstance(cause, exceptions.ProbableAccessDeniedError) for cause in causes):
        return DeniedError(
            f"{broker.name} does not let user '{broker.user}' use the virtual host '{broker.virtual_host}'.",
            remedy=f"Create it and permit the user: rabbitmqctl set_permissions -p '{broker.virtual_host}' ...",
        )
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return DeniedError(
                f"{broker.name} shows a certificate that is not trusted: {getattr(cause, 'verify_message', cause)}.",
                remedy="Set the option 'ca_file' to the certificate of the authority that signed it, "
                "and write the host in 'urls' as the certificate has it.",
            )
    # pika aborts an attempt that takes too long.
    timed_out = any(isinstance(cause, AMQPConnectorStackTimeout | exceptions.ConnectionOpenAborted) for cause in causes)
    return StoreUnavailableError(
        f"{broker.name} cannot be reached: {'no answer in time' if timed_out else reason_of(causes[-1])}."
    )


def channel_error(broker_name: str, what: str, error: BaseException | None) -> WorkloadError:
    """Why a call on a channel failed; ``what`` says what was asked, like "declare queue 'x'"."""
    if isinstance(error, WorkloadError):
        return error
    if isinstance(error, exceptions.ChannelClosedByBroker):
        text = f"{broker_name} refused to {what}: {error.reply_text}."
        if error.reply_code == NOT_FOUND:
            return NotFoundError(text)
        if error.reply_code == ACCESS_REFUSED:
            return DeniedError(text, remedy="Give the user permission: rabbitmqctl set_permissions.")
        if error.reply_code in (RESOURCE_LOCKED, PRECONDITION_FAILED):
            return ConflictError(
                text,
                remedy="A queue keeps the settings with which it was made: use those again, or delete it once empty.",
            )
    return StoreUnavailableError(f"{broker_name} did not {what}: {reason_of(error)}.")


def reason_of(error: BaseException | None) -> str:
    """The reason in few words."""
    if error is None:
        return "the connection was lost"
    if isinstance(error, exceptions.ConnectionClosed | exceptions.ChannelClosed):
        return f"{error.reply_text or 'closed'} ({error.reply_code})"
    if isinstance(error, exceptions.AMQPHeartbeatTimeout):
        return "nothing has come from it, not even heartbeats"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return (str(error) or type(error).__name__).rstrip(".")
