// Licensed under the Apache License, Version 2.0: see LICENSE.
//
// Programs that read the outputs of an experiment and take facts out of them.
//
// Source: the interface of Apache Airavata, releases 0.19 to 0.21, and as of 2026-03 what it adds to them.

namespace py airavata_thrift.parsers
namespace java org.apache.airavata.model.appcatalog.parser
namespace php Airavata.Model.AppCatalog.Parser
namespace cpp apache.airavata.model.appcatalog.parser

/** Whether a parser's input or output is a file or a plain value. */
enum IOType {
  FILE = 0,
  PROPERTY = 1,
}

/** A file or value that a parser reads. */
struct ParserInput {
  1: required string id,
  2: required string name,
  3: required bool requiredInput,
  4: required string parserId,
  5: required IOType type,
}

/** A file or value that a parser makes. */
struct ParserOutput {
  1: required string id,
  2: required string name,
  3: required bool requiredOutput,
  4: required string parserId,
  5: required IOType type,
}

/** A parser: the container image that it runs in, its command, and its inputs and outputs. */
struct Parser {
  1: required string id,
  2: required string imageName,
  3: required string outputDirPath,
  4: required string inputDirPath,
  5: required string executionCommand,
  6: required list<ParserInput> inputFiles,
  7: required list<ParserOutput> outputFiles,
  8: required string gatewayId,
}

/** Where one input of a following parser comes from: an output of the one before, or a fixed value. */
struct ParserConnectorInput {
  1: required string id,
  2: required string inputId,
  3: string parentOutputId,
  4: string value,
  5: required string parserConnectorId,
}

/** An edge between two parsers of a template. */
struct ParserConnector {
  1: required string id,
  2: required string parentParserId,
  3: required string childParserId,
  4: required list<ParserConnectorInput> connectorInputs,
  5: required string parsingTemplateId,
}

/** Where one input of a first parser comes from: an output of the application, or a fixed value. */
struct ParsingTemplateInput {
  1: required string id,
  2: required string targetInputId,
  3: string applicationOutputName,
  4: string value,
  5: required string parsingTemplateId,
}

/** Which parsers read the outputs of an application, and in which order. */
struct ParsingTemplate {
  1: required string id,
  2: required string applicationInterface,
  3: required list<ParsingTemplateInput> initialInputs,
  4: required list<ParserConnector> parserConnections,
  5: required string gatewayId,
}
