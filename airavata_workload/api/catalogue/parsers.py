"""Parsers, and the templates that chain them for the outputs of an application."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from airavata_workload.api import request_check as check
from airavata_workload.api.access.existing_gateway import require_existing_gateway
from airavata_workload.api.access.permission import missing, require_admin, require_gateway
from airavata_workload.api.sharing.sharing import READ, Sharing
from airavata_workload.domain.caller import Caller
from airavata_workload.domain.errors import ConflictError
from airavata_workload.domain.thing import Thing, ThingKind
from airavata_workload.ports.record_store import Query, Records, RecordStore
from airavata_workload.records.experiments import GatewayExperiment
from airavata_workload.records.parsers import (
    Parser,
    ParserConnector,
    ParserInput,
    ParserOutput,
    ParsingTemplate,
)

K = TypeVar("K", Parser, ParsingTemplate)


class Parsers:
    """Keeps parsers and parsing templates: everybody of the gateway reads them, its administrators write them.

    An id that a client chooses is that of one parser, or template, of the
    installation. Raises ``NotFoundError``, ``DeniedError``, ``InputError``, and
    ``ConflictError`` for an id that is taken.
    """

    def __init__(self, *, records: RecordStore, sharing: Sharing) -> None:
        self._records = records
        self._sharing = sharing

    # -- parsers ------------------------------------------------------------------------
    def get(self, caller: Caller, parser_id: str, gateway_id: str) -> Parser:
        """A parser."""
        return self._get(caller, Parser, parser_id, gateway_id)

    def save(self, caller: Caller, parser: Parser) -> str:
        """Store a parser, in place of the one of that id if there is one; returns the id.

        Parts without an id get one, and all of them the id of the parser.
        """
        require_existing_gateway(self._records, caller, parser.gateway_id)
        require_admin(caller, "save parsers")
        identifier = check.chosen_id(parser.id, "Parser", "id")
        for field in ("image_name", "execution_command", "input_dir_path", "output_dir_path"):
            check.given(getattr(parser, field), field)
        inputs = tuple(replace(each, id=_part_id(each.id), parser_id=identifier) for each in parser.input_files)
        outputs = tuple(replace(each, id=_part_id(each.id), parser_id=identifier) for each in parser.output_files)
        with self._records.transaction() as records:
            _require_free(records, Parser, identifier, parser.gateway_id)
            records.put(replace(parser, id=identifier, input_files=inputs, output_files=outputs))
        return identifier

    def all(self, caller: Caller, gateway_id: str) -> tuple[Parser, ...]:
        """All parsers of the gateway."""
        return self._all(caller, Parser, gateway_id)

    def remove(self, caller: Caller, parser_id: str, gateway_id: str) -> bool:
        """Forget a parser. Raises ``ConflictError`` while a parsing template uses it."""
        require_gateway(caller, gateway_id)
        require_admin(caller, "remove parsers")
        with self._records.transaction() as records:
            parser = _of(records, Parser, parser_id, gateway_id)
            inputs = {each.id for each in parser.input_files}
            templates = records.find(ParsingTemplate, Query(equal={"gateway_id": gateway_id}))
            users = [each.id for each in templates if parser_id in _parsers(each) or inputs & _targets(each)]
            check.unused(f"parser '{parser_id}'", users, "parsing template")
            records.delete(Parser, parser_id)
        return True

    def input(self, caller: Caller, parser_input_id: str, gateway_id: str) -> ParserInput:
        """An input of a parser of the gateway."""
        inputs = (each for parser in self.all(caller, gateway_id) for each in parser.input_files)
        return check.found(
            next((each for each in inputs if each.id == parser_input_id), None), f"parser input '{parser_input_id}'"
        )

    def output(self, caller: Caller, parser_output_id: str, gateway_id: str) -> ParserOutput:
        """An output of a parser of the gateway."""
        outputs = (each for parser in self.all(caller, gateway_id) for each in parser.output_files)
        return check.found(
            next((each for each in outputs if each.id == parser_output_id), None),
            f"parser output '{parser_output_id}'",
        )

    # -- templates ----------------------------------------------------------------------
    def get_template(self, caller: Caller, template_id: str, gateway_id: str) -> ParsingTemplate:
        """A parsing template."""
        return self._get(caller, ParsingTemplate, template_id, gateway_id)

    def templates_for_experiment(
        self, caller: Caller, experiment_id: str, gateway_id: str
    ) -> tuple[ParsingTemplate, ...]:
        """The parsing templates of the application interface that an experiment uses."""
        require_gateway(caller, gateway_id)
        what = Thing(ThingKind.EXPERIMENT, experiment_id)
        with self._records.reading() as records:
            experiment = check.found(records.get(GatewayExperiment, experiment_id) if experiment_id else None, what)
            if experiment.gateway_id != gateway_id:
                raise missing(what)
            if experiment.user_name != caller.user:
                self._sharing.require(caller, experiment_id, READ, what)
            equal = {"gateway_id": gateway_id, "application_interface": experiment.execution_id or ""}
            return tuple(records.find(ParsingTemplate, Query(equal=equal)))

    def save_template(self, caller: Caller, parsing_template: ParsingTemplate) -> str:
        """Store a template, in place of the one of that id if there is one; returns the id.

        Parts without an id get one, and all of them the id of the template.
        """
        require_existing_gateway(self._records, caller, parsing_template.gateway_id)
        require_admin(caller, "save parsing templates")
        identifier = check.chosen_id(parsing_template.id, "ParsingTemplate", "id")
        check.given(parsing_template.application_interface, "application_interface")
        inputs = tuple(
            replace(each, id=_part_id(each.id), parsing_template_id=identifier)
            for each in parsing_template.initial_inputs
        )
        connections = tuple(_connected(each, identifier) for each in parsing_template.parser_connections)
        new = replace(parsing_template, id=identifier, initial_inputs=inputs, parser_connections=connections)
        with self._records.transaction() as records:
            _require_free(records, ParsingTemplate, identifier, new.gateway_id)
            _require_parsers(records, new)
            records.put(new)
        return identifier

    def all_templates(self, caller: Caller, gateway_id: str) -> tuple[ParsingTemplate, ...]:
        """All parsing templates of the gateway."""
        return self._all(caller, ParsingTemplate, gateway_id)

    def remove_template(self, caller: Caller, template_id: str, gateway_id: str) -> bool:
        """Forget a parsing template."""
        require_gateway(caller, gateway_id)
        require_admin(caller, "remove parsing templates")
        with self._records.transaction() as records:
            _of(records, ParsingTemplate, template_id, gateway_id)
            records.delete(ParsingTemplate, template_id)
        return True

    # -- both ---------------------------------------------------------------------------
    def _get(self, caller: Caller, kind: type[K], identifier: str, gateway_id: str) -> K:
        require_gateway(caller, gateway_id)
        with self._records.reading() as records:
            return _of(records, kind, identifier, gateway_id)

    def _all(self, caller: Caller, kind: type[K], gateway_id: str) -> tuple[K, ...]:
        require_gateway(caller, gateway_id)
        with self._records.reading() as records:
            return tuple(records.find(kind, Query(equal={"gateway_id": gateway_id})))


def _of(records: Records, kind: type[K], identifier: str | None, gateway_id: str) -> K:
    found = records.get(kind, identifier) if identifier else None
    mine = found if found is not None and found.gateway_id == gateway_id else None
    return check.found(mine, f"{_word(kind)} '{identifier or ''}' in gateway '{gateway_id}'")


def _require_free(records: Records, kind: type[K], identifier: str, gateway_id: str) -> None:
    """Raise ``ConflictError`` for the id of another gateway's, which says no more than that it is taken."""
    old = records.get(kind, identifier)
    if old is not None and old.gateway_id != gateway_id:
        raise ConflictError(
            f"The {_word(kind)} id '{identifier}' is taken.", remedy="Choose another one, or none: then one is made."
        )


def _word(kind: type[K]) -> str:
    return "parser" if kind is Parser else "parsing template"


def _require_parsers(records: Records, template: ParsingTemplate) -> None:
    known = records.keys(Parser, Query(equal={"gateway_id": template.gateway_id}))
    for parser_id in sorted(_parsers(template)):
        if parser_id not in known:
            raise missing(f"parser '{parser_id}' in gateway '{template.gateway_id}'")


def _parsers(template: ParsingTemplate) -> set[str]:
    return {
        each
        for joint in template.parser_connections
        for each in (joint.parent_parser_id, joint.child_parser_id)
        if each
    }


def _targets(template: ParsingTemplate) -> set[str]:
    return {each.target_input_id for each in template.initial_inputs}


def _connected(connector: ParserConnector, template_id: str) -> ParserConnector:
    identifier = _part_id(connector.id)
    inputs = tuple(
        replace(each, id=_part_id(each.id), parser_connector_id=identifier) for each in connector.connector_inputs
    )
    return replace(connector, id=identifier, connector_inputs=inputs, parsing_template_id=template_id)


def _part_id(identifier: str) -> str:
    return check.new_id("part") if check.is_new(identifier) else identifier
