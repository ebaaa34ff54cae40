// Licensed under the Apache License, Version 2.0: see LICENSE.
//
// Errors of a run and reports of validation, which are stored and shown, not thrown.
//
// Source: the interface of Apache Airavata, releases 0.17 to 0.21, and as of 2026-03 what it adds to them.

namespace py airavata_thrift.error_reports
namespace java org.apache.airavata.model.commons
namespace php Airavata.Model.Commons
namespace cpp apache.airavata.model.commons

/** Stands in an id field until the server gives the id. */
const string DEFAULT_ID = "DO_NOT_SET_AT_CLIENTS"

/**
 * One error of an experiment, process or task: a text for the operator, one for the user, and the errors that caused
 * it. creationTime in milliseconds since 1970.
 */
struct ErrorModel {
  1: required string errorId = "DO_NOT_SET_AT_CLIENTS",
  2: optional i64 creationTime,
  3: optional string actualErrorMessage,
  4: optional string userFriendlyMessage,
  5: optional bool transientOrPersistent = false,
  6: optional list<string> rootCauseErrorIdList,
}

/** What one validator found. */
struct ValidatorResult {
  1: required bool result,
  2: optional string errorDetails,
}

/** What all validators found: false in validationState forbids the launch. */
struct ValidationResults {
  1: required bool validationState,
  2: required list<ValidatorResult> validationResultList,
}
