"""Errors of the application layer as the exceptions that a Thrift method declares."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

import structlog

from airavata_adapters.thrift_api.message import sendable
from airavata_thrift.api_errors.ttypes import AiravataErrorType, ValidationResults, ValidatorResult
from airavata_workload.domain.errors import ConflictError, DeniedError, InputError, NotFoundError, WorkloadError
from airavata_workload.domain.thing import ThingKind

log = structlog.get_logger("airavata_workload.thrift")

_DENIED = ("AuthorizationException",)
_INVALID = ("LaunchValidationException", "InvalidRequestException")
_TAKEN = ("DuplicateEntryException", *_INVALID)
_SYSTEM = ("AiravataSystemException",)
_MISSING = {
    ThingKind.EXPERIMENT: ("ExperimentNotFoundException", *_INVALID),
    ThingKind.PROJECT: ("ProjectNotFoundException", *_INVALID),
}
_SPECIFIC = frozenset((*_DENIED, *_TAKEN, *_SYSTEM, *(each for names in _MISSING.values() for each in names)))
"""Those that mean one thing; what a method declares beside them is its service's own and means any error."""


def preferences(error: WorkloadError) -> tuple[str, ...]:
    """The names of the exceptions that say this, the best first."""
    if isinstance(error, DeniedError):
        return _DENIED
    if isinstance(error, NotFoundError):
        return _INVALID if error.missing is None else _MISSING[error.missing]
    if isinstance(error, ConflictError):
        return _TAKEN
    return _INVALID if isinstance(error, InputError) else _SYSTEM


def declared(error: WorkloadError, throws: Mapping[str, type[Any]]) -> tuple[str, Any] | None:
    """The field of the result struct and the exception in it; None if the method declares none that would do.

    ``throws`` are the exception classes of the method by field.
    """
    by_name = {each.__name__: field for field, each in throws.items()}
    chosen = next((by_name[name] for name in preferences(error) if name in by_name), None)
    own = next((field for field, each in throws.items() if _is_the_services_own(each.__name__)), None)
    field = chosen or own or by_name.get("AiravataSystemException")
    return None if field is None else (field, _made(throws[field], sendable(str(error)), error))


def _is_the_services_own(name: str) -> bool:
    return name not in _SPECIFIC and name != "AiravataClientException"


def unexpected(error: BaseException, service: str, method: str) -> WorkloadError:
    """For a fault of ours: it is logged under an id, and the client is told the id and nothing else."""
    identifier = uuid.uuid4().hex[:12]
    log.error("a call failed", service=service, method=method, error_id=identifier, exc_info=error)
    return WorkloadError(
        f"{method} failed: this is a fault of the server.",
        remedy=f"Its log tells more under the id {identifier}; send it to the operators.",
    )


def _made(exception: type[Any], text: str, error: WorkloadError) -> Any:
    if exception.__name__ == "LaunchValidationException":
        results = [ValidatorResult(result=False, errorDetails=text)]
        return exception(
            validationResult=ValidationResults(validationState=False, validationResultList=results), errorMessage=text
        )
    if "airavataErrorType" in exception.__slots__:
        denied = isinstance(error, DeniedError)
        kind = AiravataErrorType.PERMISSION_DENIED if denied else AiravataErrorType.INTERNAL_ERROR
        return exception(airavataErrorType=kind, message=text)
    return exception(message=text)
