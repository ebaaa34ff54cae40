"""Workflow templates as the registry keeps them, and through the service that they had of their own."""

from __future__ import annotations

import re
from typing import Any

import pytest
from registry_site import OTHER, RegistrySite
from thrift_doors import GATEWAY
from whole_structs import UUID, changed, is_now, whole

from airavata_thrift.api_errors.ttypes import InvalidRequestException
from airavata_thrift.application_io.ttypes import DataType, InputDataObjectType, OutputDataObjectType
from airavata_thrift.registry_errors.ttypes import RegistryServiceException
from airavata_thrift.workflow_api import Workflow
from airavata_thrift.workflow_graphs.ttypes import WorkflowModel


def template(name: str, **fields: Any) -> WorkflowModel:
    """One of which everything is said."""
    return whole(
        WorkflowModel,
        name=name,
        gatewayId="x",
        createdUser="grace",
        workflowInputs=[whole(InputDataObjectType, type=DataType.URI)],
        workflowOutputs=[whole(OutputDataObjectType, type=DataType.STDOUT)],
        **fields,
    )


def test_a_template_is_kept_whole_until_it_is_deleted(registry: Any) -> None:
    sent = template("Sort and count")
    assert not registry.isWorkflowExistWithName("Sort and count")
    made = registry.registerWorkflow(GATEWAY, sent)
    assert re.fullmatch(f"Sort_and_count_{UUID}", made)
    read = registry.getWorkflow(made)
    assert is_now(read.creationTime)
    assert read == changed(sent, templateId=made, gatewayId=GATEWAY, creationTime=read.creationTime)
    assert registry.isWorkflowExistWithName("Sort and count")
    assert registry.getWorkflowTemplateId("Sort and count") == made
    new = WorkflowModel(templateId="x", name="Count", graph="{}", gatewayId=OTHER, createdUser="ada", creationTime=1)
    registry.updateWorkflow(made, new)
    kept = changed(new, templateId=made, gatewayId=GATEWAY, createdUser="grace", creationTime=read.creationTime)
    assert registry.getWorkflow(made) == kept
    assert not registry.isWorkflowExistWithName("Sort and count")
    registry.deleteWorkflow(made)
    assert not registry.isWorkflowExistWithName("Count")
    for call in (
        lambda: registry.getWorkflow(made),
        lambda: registry.updateWorkflow(made, new),
        lambda: registry.deleteWorkflow(made),
    ):
        with pytest.raises(RegistryServiceException, match=made):
            call()
    with pytest.raises(RegistryServiceException, match="'Count'"):
        registry.getWorkflowTemplateId("Count")


def test_templates_are_listed_by_gateway_and_a_name_is_of_one(registry: Any) -> None:
    mine = [registry.registerWorkflow(GATEWAY, template(name)) for name in ("one", "two")]
    theirs = registry.registerWorkflow(OTHER, template("one"))
    assert sorted(registry.getAllWorkflows(GATEWAY)) == sorted(mine)
    assert registry.getAllWorkflows(OTHER) == [theirs]
    with pytest.raises(RegistryServiceException, match="'one'"):
        registry.registerWorkflow(GATEWAY, template("one"))
    with pytest.raises(RegistryServiceException, match="'one'"):
        registry.updateWorkflow(mine[1], template("one"))
    assert registry.getWorkflow(mine[1]).name == "two"
    assert registry.getWorkflowTemplateId("two") == mine[1]
    assert registry.isWorkflowExistWithName("one")
    with pytest.raises(RegistryServiceException, match="2 gateways have a workflow named 'one'"):
        registry.getWorkflowTemplateId("one")
    for each in (*mine, theirs):
        registry.deleteWorkflow(each)
    assert registry.getAllWorkflows(GATEWAY) == registry.getAllWorkflows(OTHER) == []


def test_the_service_of_their_own_keeps_the_same_templates(site: RegistrySite, registry: Any) -> None:
    service = site.client(Workflow, "registry", "Workflow")
    assert service.getAPIVersion() == "0.18.0"
    sent = template("Of its own")
    made = service.registerWorkflow(changed(sent, gatewayId=GATEWAY))
    theirs = service.registerWorkflow(changed(sent, name="Theirs", gatewayId=OTHER))
    read = service.getWorkflow(made)
    assert read == changed(sent, templateId=made, gatewayId=GATEWAY, creationTime=read.creationTime)
    assert registry.getWorkflow(made) == read
    assert registry.getAllWorkflows(GATEWAY) == [made]
    assert sorted(service.getAllWorkflows()) == sorted([made, theirs])
    assert service.getWorkflowTemplateId("Theirs") == theirs
    service.updateWorkflow(made, changed(read, name="Renamed"))
    assert registry.getWorkflow(made) == changed(read, name="Renamed")
    assert (service.isWorkflowExistWithName("Of its own"), service.isWorkflowExistWithName("Renamed")) == (False, True)
    for each in (made, theirs):
        service.deleteWorkflow(each)
    assert service.getAllWorkflows() == []
    with pytest.raises(InvalidRequestException, match=f"no workflow '{made}'"):
        service.getWorkflow(made)
