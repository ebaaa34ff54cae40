// Licensed under the Apache License, Version 2.0: see LICENSE.
//
// The exceptions that methods declare.
//
// Source: the interface of Apache Airavata, releases 0.17 to 0.21, and as of 2026-03 what it adds to them.

namespace py airavata_thrift.api_errors
namespace java org.apache.airavata.model.error
namespace php Airavata.API.Error
namespace cpp apache.airavata.api.error

/** Kind of an error whose exception has no more precise class. */
enum AiravataErrorType {
  UNKNOWN = 0,
  PERMISSION_DENIED = 1,
  INTERNAL_ERROR = 2,
  AUTHENTICATION_FAILURE = 3,
  INVALID_AUTHORIZATION = 4,
  AUTHORIZATION_EXPIRED = 5,
  UNKNOWN_GATEWAY_ID = 6,
  UNSUPPORTED_OPERATION = 7,
}

/** There is no experiment with that id, or not for this caller. */
exception ExperimentNotFoundException {
  1: required string message,
}

/** There is no project with that id, or not for this caller. */
exception ProjectNotFoundException {
  1: required string message,
}

/** The request is wrong as it stands: a value is missing, malformed or contradicts another. */
exception InvalidRequestException {
  1: required string message,
}

/** The service behind did not answer in time. */
exception TimedOutException {
}

/** The caller did not prove who they are. */
exception AuthenticationException {
  1: required string message,
}

/** The caller may not do this. */
exception AuthorizationException {
  1: required string message,
}

/** Something with this name or id is there already. */
exception DuplicateEntryException {
  1: required string message,
}

/** The client did something that cannot work; parameter names the culprit. */
exception AiravataClientException {
  1: required AiravataErrorType airavataErrorType,
  2: optional string parameter,
}

/** As in error_reports; a class of its own on the wire of the exception below. */
struct ValidatorResult {
  1: required bool result,
  2: optional string errorDetails,
}

/** As in error_reports; a class of its own on the wire of the exception below. */
struct ValidationResults {
  1: required bool validationState,
  2: required list<ValidatorResult> validationResultList,
}

/** An experiment may not be launched: the validators say why. */
exception LaunchValidationException {
  1: required ValidationResults validationResult,
  2: optional string errorMessage,
}

/** The server failed; the same call may work later. */
exception AiravataSystemException {
  1: required AiravataErrorType airavataErrorType,
  2: optional string message,
}
