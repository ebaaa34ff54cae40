"""Parsers and the templates that chain them, as the registry keeps them for the other servers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from registry_site import OTHER, RegistrySite
from thrift_doors import GATEWAY
from whole_structs import UUID, changed

from airavata_thrift.parsers.ttypes import (
    IOType,
    Parser,
    ParserConnector,
    ParserConnectorInput,
    ParserInput,
    ParserOutput,
    ParsingTemplate,
    ParsingTemplateInput,
)
from airavata_thrift.registry_errors.ttypes import RegistryServiceException


def parser(name: str, gateway_id: str = GATEWAY) -> Parser:
    """One whose ids are chosen by its client, as portals do."""
    reads = [
        ParserInput(f"{name}-in-{number}", f"in {number}", requiredInput=number == 1, parserId=name, type=kind)
        for number, kind in ((1, IOType.FILE), (2, IOType.PROPERTY))
    ]
    makes = [ParserOutput(f"{name}-out", "out", requiredOutput=True, parserId=name, type=IOType.FILE)]
    return Parser(
        id=name,
        imageName="parsers/energy:1",
        outputDirPath="/out",
        inputDirPath="/in",
        executionCommand="python parse.py",
        inputFiles=reads,
        outputFiles=makes,
        gatewayId=gateway_id,
    )


def template(name: str, application: str, first: str, second: str, gateway_id: str = GATEWAY) -> ParsingTemplate:
    """One in which a parser reads what another one makes."""
    begins = [
        ParsingTemplateInput(f"{name}-begin-1", f"{first}-in-1", applicationOutputName="log", parsingTemplateId=name),
        ParsingTemplateInput(f"{name}-begin-2", f"{first}-in-2", value="42", parsingTemplateId=name),
    ]
    joint = f"{name}-joint"
    given = [
        ParserConnectorInput(f"{joint}-1", f"{second}-in-1", parentOutputId=f"{first}-out", parserConnectorId=joint),
        ParserConnectorInput(f"{joint}-2", f"{second}-in-2", value="7", parserConnectorId=joint),
    ]
    joined = [ParserConnector(joint, first, second, connectorInputs=given, parsingTemplateId=name)]
    return ParsingTemplate(name, application, initialInputs=begins, parserConnections=joined, gatewayId=gateway_id)


# -- parsers ---------------------------------------------------------------------------------
def test_a_parser_is_kept_whole_until_it_is_removed(registry: Any) -> None:
    sent = parser("energy")
    assert registry.saveParser(sent) == "energy"
    assert registry.getParser("energy", GATEWAY) == sent
    assert registry.getParserInput("energy-in-2", GATEWAY) == sent.inputFiles[1]
    assert registry.getParserOutput("energy-out", GATEWAY) == sent.outputFiles[0]
    assert registry.listAllParsers(GATEWAY) == [sent]
    new = changed(sent, executionCommand="parse", inputFiles=sent.inputFiles[:1], outputFiles=[])
    assert registry.saveParser(new) == "energy"
    assert registry.listAllParsers(GATEWAY) == [new]
    assert registry.removeParser("energy", GATEWAY) is None
    assert registry.listAllParsers(GATEWAY) == []
    for call in (
        lambda: registry.getParser("energy", GATEWAY),
        lambda: registry.removeParser("energy", GATEWAY),
        lambda: registry.getParserInput("energy-in-1", GATEWAY),
        lambda: registry.getParserOutput("energy-out", GATEWAY),
    ):
        with pytest.raises(RegistryServiceException, match="There is no parser"):
            call()


def test_a_parser_and_its_parts_get_the_ids_that_they_lack(registry: Any) -> None:
    sent = parser("DO_NOT_SET_AT_CLIENTS")
    nameless = [changed(each, id="DO_NOT_SET_AT_CLIENTS", parserId="x") for each in sent.inputFiles]
    made = registry.saveParser(changed(sent, inputFiles=nameless))
    assert re.fullmatch(f"Parser_{UUID}", made)
    read = registry.getParser(made, GATEWAY)
    assert read.id == made
    assert {each.parserId for each in (*read.inputFiles, *read.outputFiles)} == {made}
    assert len({each.id for each in read.inputFiles}) == 2
    for each in read.inputFiles:
        assert registry.getParserInput(each.id, GATEWAY) == each
    registry.removeParser(made, GATEWAY)


def test_parsers_belong_to_their_gateway(registry: Any) -> None:
    there = parser("theirs", OTHER)
    registry.saveParser(there)
    assert registry.listAllParsers(GATEWAY) == []
    assert registry.listAllParsers(OTHER) == [there]
    for call in (
        lambda: registry.getParser("theirs", GATEWAY),
        lambda: registry.getParserInput("theirs-in-1", GATEWAY),
        lambda: registry.getParserOutput("theirs-out", GATEWAY),
        lambda: registry.removeParser("theirs", GATEWAY),
    ):
        with pytest.raises(RegistryServiceException, match="There is no parser"):
            call()
    with pytest.raises(RegistryServiceException, match="'theirs' is taken"):
        registry.saveParser(parser("theirs"))
    assert registry.getParser("theirs", OTHER) == there
    registry.removeParser("theirs", OTHER)


# -- templates ---------------------------------------------------------------------------------
@pytest.fixture
def chained(site: RegistrySite, registry: Any) -> Iterator[tuple[ParsingTemplate, str]]:
    """A template with its two parsers, and the experiment of its application."""
    application = site.application("Energies")
    experiment = site.experiment(site.project(), executionId=application)
    for each in ("first", "second"):
        registry.saveParser(parser(each))
    yield template("chain", application, "first", "second"), experiment
    for left in registry.listAllParsingTemplates(GATEWAY):
        registry.removeParsingTemplate(left.id, GATEWAY)
    for each in ("first", "second"):
        registry.removeParser(each, GATEWAY)


def test_a_template_is_kept_whole_until_it_is_removed(
    site: RegistrySite, registry: Any, chained: tuple[ParsingTemplate, str]
) -> None:
    sent, experiment = chained
    assert registry.saveParsingTemplate(sent) == "chain"
    assert registry.getParsingTemplate("chain", GATEWAY) == sent
    assert registry.listAllParsingTemplates(GATEWAY) == [sent]
    assert registry.listAllParsingTemplates(OTHER) == []
    assert registry.getParsingTemplatesForExperiment(experiment, GATEWAY) == [sent]
    new = changed(sent, parserConnections=[])
    assert registry.saveParsingTemplate(new) == "chain"
    assert registry.listAllParsingTemplates(GATEWAY) == [new]
    elsewhere = site.experiment(site.project(), executionId=site.application("Other"))
    assert registry.getParsingTemplatesForExperiment(elsewhere, GATEWAY) == []
    assert registry.removeParsingTemplate("chain", GATEWAY) is None
    assert registry.getParsingTemplatesForExperiment(experiment, GATEWAY) == []
    for call in (
        lambda: registry.getParsingTemplate("chain", GATEWAY),
        lambda: registry.removeParsingTemplate("chain", GATEWAY),
    ):
        with pytest.raises(RegistryServiceException, match="no parsing template 'chain'"):
            call()


def test_a_template_and_its_parts_get_the_ids_that_they_lack(
    registry: Any, chained: tuple[ParsingTemplate, str]
) -> None:
    sent, _ = chained
    (joint,) = sent.parserConnections
    made = registry.saveParsingTemplate(
        changed(
            sent,
            id="",
            initialInputs=[changed(each, id="") for each in sent.initialInputs],
            parserConnections=[changed(joint, id="", connectorInputs=[changed(joint.connectorInputs[0], id="")])],
        )
    )
    assert re.fullmatch(f"ParsingTemplate_{UUID}", made)
    read = registry.getParsingTemplate(made, GATEWAY)
    (joined,) = read.parserConnections
    assert {each.parsingTemplateId for each in (*read.initialInputs, joined)} == {made}
    assert [each.parserConnectorId for each in joined.connectorInputs] == [joined.id]
    assert len({each.id for each in (*read.initialInputs, joined, *joined.connectorInputs)}) == 4


def test_a_parser_that_a_template_uses_stays(registry: Any, chained: tuple[ParsingTemplate, str]) -> None:
    sent, _ = chained
    registry.saveParsingTemplate(sent)
    for each in ("first", "second"):
        with pytest.raises(RegistryServiceException, match="'chain'"):
            registry.removeParser(each, GATEWAY)
        assert registry.getParser(each, GATEWAY) == parser(each)


def test_templates_belong_to_their_gateway(registry: Any, chained: tuple[ParsingTemplate, str]) -> None:
    sent, experiment = chained
    registry.saveParsingTemplate(sent)
    calls: tuple[Callable[[], object], ...] = (
        lambda: registry.getParsingTemplate("chain", OTHER),
        lambda: registry.removeParsingTemplate("chain", OTHER),
        lambda: registry.saveParsingTemplate(changed(sent, gatewayId=OTHER, parserConnections=[])),
        lambda: registry.saveParsingTemplate(changed(sent, id="theirs", gatewayId=OTHER)),
        lambda: registry.getParsingTemplatesForExperiment(experiment, OTHER),
        lambda: registry.getParsingTemplatesForExperiment("x-0", GATEWAY),
    )
    for call in calls:
        with pytest.raises(RegistryServiceException, match=r"There is no (parser|parsing|experiment)|is taken"):
            call()
    assert registry.getParsingTemplate("chain", GATEWAY) == sent
