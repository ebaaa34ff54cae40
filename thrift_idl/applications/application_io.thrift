// Licensed under the Apache License, Version 2.0: see LICENSE.
//
// Inputs and outputs of applications and experiments.
//
// Source: the interface of Apache Airavata, releases 0.17 to 0.21, and as of 2026-03 what it adds to them.

namespace py airavata_thrift.application_io
namespace java org.apache.airavata.model.application.io
namespace php Airavata.Model.Application.Io
namespace cpp apache.airavata.model.application.io

/** Kind of a value: a plain value, or the URI of one or more files, or a stream of the job. */
enum DataType {
  STRING = 0,
  INTEGER = 1,
  FLOAT = 2,
  URI = 3,
  URI_COLLECTION = 4,
  STDOUT = 5,
  STDERR = 6,
}

/** An input: what an application declares and, with a value, what an experiment was given. */
struct InputDataObjectType {
  1: required string name,
  2: optional string value,
  3: optional DataType type,
  4: optional string applicationArgument,
  5: optional bool standardInput,
  6: optional string userFriendlyDescription,
  7: optional string metaData,
  8: optional i32 inputOrder,
  9: optional bool isRequired,
  10: optional bool requiredToAddedToCommandLine,
  11: optional bool dataStaged,
  12: optional string storageResourceId,
  13: optional bool isReadOnly,
  14: optional string overrideFilename,
}

/** An output: what an application declares and, with a value, what an experiment produced. */
struct OutputDataObjectType {
  1: required string name,
  2: optional string value,
  3: optional DataType type,
  4: optional string applicationArgument,
  5: optional bool isRequired,
  6: optional bool requiredToAddedToCommandLine,
  7: optional bool dataMovement,
  8: optional string location,
  9: optional string searchQuery,
  10: optional bool outputStreaming,
  11: optional string storageResourceId,
  12: optional string metaData,
}
