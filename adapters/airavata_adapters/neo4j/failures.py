"""What errors of the driver and of the server mean to the engine."""

from __future__ import annotations

from neo4j.exceptions import (
    AuthConfigurationError,
    AuthError,
    CertificateConfigurationError,
    ClientError,
    ConfigurationError,
    ConstraintError,
    DriverError,
    Forbidden,
    Neo4jError,
)

from airavata_adapters.neo4j.options import Neo4jOptions
from airavata_workload.domain.errors import (
    AuthenticationError,
    ConflictError,
    DeniedError,
    SettingsError,
    StoreUnavailableError,
    WorkloadError,
)

# Source: Neo4j Status Codes 5: these say that time ran out or that the server stops, whatever their class says.
_UNAVAILABLE_CODES = (
    "Neo.ClientError.Transaction.TransactionTimedOut",
    "Neo.ClientError.Transaction.LockClientStopped",
    "Neo.ClientError.Transaction.TransactionTerminated",
)


def translated(error: DriverError | Neo4jError, options: Neo4jOptions) -> WorkloadError:
    """The engine's error for one of the driver's; the text names the server, never the password."""
    where = f"The graph store at {options.url}"
    if isinstance(error, AuthError) and not isinstance(error, Forbidden):
        return AuthenticationError(
            f"{where} refuses user '{options.user}'.",
            remedy="Check the options 'user' and 'password' of the graph store.",
        )
    if isinstance(error, Forbidden):
        return DeniedError(
            f"{where} does not let user '{options.user}' do this: {_said(error)}",
            remedy="The user must read and write, and make constraints, indexes and names.",
        )
    if isinstance(error, ConfigurationError | AuthConfigurationError | CertificateConfigurationError):
        return SettingsError(f"{where} cannot be used: {error}", key="url")
    if isinstance(error, ConstraintError):
        return ConflictError(f"{where}: {_said(error)}", remedy="Something of the same identity is stored already.")
    if isinstance(error, ClientError):
        return _mistake(error, where, options)
    return StoreUnavailableError(
        f"{where} does not answer: {_said(error)}", remedy="Check that it runs and that it can be reached from here."
    )


def _mistake(error: ClientError, where: str, options: Neo4jOptions) -> WorkloadError:
    """What the server takes for a mistake of the client."""
    code = error.code or ""
    if code == "Neo.ClientError.Database.DatabaseNotFound":
        return SettingsError(f"{where} has no database '{options.database}'.", key="database")
    if code.startswith(_UNAVAILABLE_CODES):
        return StoreUnavailableError(
            f"{where} ended a transaction: {_said(error)}",
            remedy="Something else holds the same experiment, or the server stops; try again.",
        )
    return WorkloadError(f"{where} refuses a statement ({code}): {_said(error)}")


def _said(error: Exception) -> str:
    text = (error.message or "") if isinstance(error, Neo4jError) else str(error)
    return text if text.endswith(".") else f"{text}."
