"""Applications as the registry keeps them for the other servers: modules, where they are deployed, what they take."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from registry_site import OTHER, RegistrySite
from thrift_doors import GATEWAY
from whole_structs import UUID, changed, whole

from airavata_thrift.application_deployments.ttypes import (
    ApplicationDeploymentDescription,
    ApplicationModule,
    CommandObject,
    SetEnvPaths,
)
from airavata_thrift.application_interfaces.ttypes import ApplicationInterfaceDescription
from airavata_thrift.application_io.ttypes import DataType, InputDataObjectType, OutputDataObjectType
from airavata_thrift.parallelism.ttypes import ApplicationParallelismType
from airavata_thrift.registry_errors.ttypes import RegistryServiceException


@pytest.fixture(scope="module")
def alpha(site: RegistrySite) -> str:
    return site.machine("alpha.example.org")


@pytest.fixture(scope="module")
def beta(site: RegistrySite) -> str:
    return site.machine("beta.example.org")


def commands(*lines: str) -> list[CommandObject]:
    return [CommandObject(command=line, commandOrder=order) for order, line in enumerate(lines, 1)]


def variables(name: str) -> list[SetEnvPaths]:
    return [SetEnvPaths(name=name, value=f"/opt/{order}", envPathOrder=order) for order in (2, 1)]


def deployed(module: str, machine: str) -> ApplicationDeploymentDescription:
    """A deployment of which everything is said."""
    return whole(
        ApplicationDeploymentDescription,
        appModuleId=module,
        computeHostId=machine,
        executablePath="/opt/sort",
        parallelism=ApplicationParallelismType.OPENMP_MPI,
        moduleLoadCmds=commands("module load gcc", "module load mpi"),
        libPrependPaths=variables("LD_LIBRARY_PATH"),
        libAppendPaths=variables("PYTHONPATH"),
        setEnvironment=variables("SORT_HOME"),
        preJobCommands=commands("hostname"),
        postJobCommands=commands("date"),
    )


def interface(modules: list[str]) -> ApplicationInterfaceDescription:
    """An interface of which everything is said; its inputs stand in another order than they say."""
    inputs = [
        whole(InputDataObjectType, name=name, type=kind, inputOrder=order)
        for name, kind, order in (("words", DataType.URI, 2), ("count", DataType.INTEGER, 1))
    ]
    outputs = [whole(OutputDataObjectType, name=name, type=DataType.STDOUT) for name in ("log", "again")]
    return whole(
        ApplicationInterfaceDescription,
        applicationName="Sort of words",
        applicationModules=modules,
        applicationInputs=inputs,
        applicationOutputs=outputs,
        archiveWorkingDirectory=True,
        cleanAfterStaged=True,
    )


# -- modules ---------------------------------------------------------------------------------
def test_a_module_is_kept_whole_until_it_is_deleted(registry: Any) -> None:
    sent = whole(ApplicationModule, appModuleName="Big Sort")
    made = registry.registerApplicationModule(GATEWAY, sent)
    assert re.fullmatch(f"Big_Sort_{UUID}", made)
    assert registry.getApplicationModule(made) == changed(sent, appModuleId=made)
    new = ApplicationModule(appModuleId="x", appModuleName="Sort", appModuleVersion="2")
    assert registry.updateApplicationModule(made, new)
    assert registry.getApplicationModule(made) == changed(new, appModuleId=made)
    assert changed(new, appModuleId=made) in registry.getAllAppModules(GATEWAY)
    assert made not in [each.appModuleId for each in registry.getAllAppModules(OTHER)]
    assert registry.deleteApplicationModule(made)
    assert made not in [each.appModuleId for each in registry.getAllAppModules(GATEWAY)]
    for call in (
        lambda: registry.getApplicationModule(made),
        lambda: registry.updateApplicationModule(made, new),
        lambda: registry.deleteApplicationModule(made),
        lambda: registry.getApplicationDeployments(made),
        lambda: registry.getAppModuleDeployedResources(made),
    ):
        with pytest.raises(RegistryServiceException, match=made):
            call()


def test_a_module_that_is_deployed_stays(site: RegistrySite, registry: Any, alpha: str) -> None:
    module = site.module("Stays")
    deployment = site.deployment(module, alpha)
    with pytest.raises(RegistryServiceException, match=deployment):
        registry.deleteApplicationModule(module)
    assert registry.deleteApplicationDeployment(deployment)
    assert registry.deleteApplicationModule(module)


# -- deployments -----------------------------------------------------------------------------
def test_a_deployment_is_kept_whole_until_it_is_deleted(
    site: RegistrySite, registry: Any, alpha: str, beta: str
) -> None:
    module, other = site.module("Sort"), site.module("Other")
    sent = deployed(module, alpha)
    made = registry.registerApplicationDeployment(GATEWAY, sent)
    assert made == f"alpha.example.org_{module}"
    assert registry.getApplicationDeployment(made) == changed(sent, appDeploymentId=made)
    new = ApplicationDeploymentDescription(appModuleId=other, computeHostId=beta, executablePath="/bin/sort")
    assert registry.updateApplicationDeployment(made, new)
    kept = changed(new, appDeploymentId=made)
    assert registry.getApplicationDeployment(made) == kept
    assert registry.getApplicationDeployments(module) == []
    assert registry.getApplicationDeployments(other) == [kept]
    assert kept in registry.getAllApplicationDeployments(GATEWAY)
    assert kept not in registry.getAllApplicationDeployments(OTHER)
    assert registry.deleteApplicationDeployment(made)
    assert kept not in registry.getAllApplicationDeployments(GATEWAY)
    for call in (
        lambda: registry.getApplicationDeployment(made),
        lambda: registry.updateApplicationDeployment(made, new),
        lambda: registry.deleteApplicationDeployment(made),
    ):
        with pytest.raises(RegistryServiceException, match=made):
            call()


def test_deployments_are_found_by_their_module(site: RegistrySite, registry: Any, alpha: str, beta: str) -> None:
    module, other = site.module("Found"), site.module("Not found")
    twice = [site.deployment(module, alpha), site.deployment(module, alpha), site.deployment(module, beta)]
    assert len(set(twice)) == 3
    there = site.deployment(other, alpha)
    assert sorted(registry.getAppModuleDeployedResources(module)) == sorted(twice)
    assert sorted(each.appDeploymentId for each in registry.getApplicationDeployments(module)) == sorted(twice)
    assert registry.getAppModuleDeployedResources(other) == [there]


def test_what_a_user_may_use_is_chosen_by_deployments_and_resources(
    site: RegistrySite, registry: Any, alpha: str, beta: str
) -> None:
    first, second = site.module("First"), site.module("Second")
    theirs = site.module("Theirs", OTHER)
    here, there = site.deployment(first, alpha), site.deployment(first, beta)
    other = site.deployment(second, beta)
    foreign = site.deployment(theirs, alpha, OTHER)
    every = [here, there, other, foreign]

    def chosen(deployments: list[str], machines: list[str], gateway_id: str = GATEWAY) -> tuple[set[str], set[str]]:
        modules = registry.getAccessibleAppModules(gateway_id, deployments, machines)
        found = registry.getAccessibleApplicationDeployments(gateway_id, deployments, machines)
        assert len({each.appModuleId for each in modules}) == len(modules)
        return {each.appModuleId for each in modules}, {each.appDeploymentId for each in found}

    assert chosen(every, [alpha, beta]) == ({first, second}, {here, there, other})
    assert chosen(every, [alpha]) == ({first}, {here})
    assert chosen([other], [alpha, beta]) == ({second}, {other})
    assert chosen(every, [alpha, beta], OTHER) == ({theirs}, {foreign})
    assert chosen([], [alpha]) == chosen(every, []) == (set(), set())


@pytest.mark.parametrize(
    ("fields", "what"),
    [
        ({"appModuleId": "nothing"}, "no application module 'nothing'"),
        ({"computeHostId": "nothing"}, "no compute resource 'nothing'"),
        ({"executablePath": "/bin/sh\nrm -rf ~"}, "executable_path"),
        ({"preJobCommands": commands("one\ntwo")}, "pre_job_commands"),
        ({"setEnvironment": [SetEnvPaths(name="A B", value="")]}, "set_environment"),
    ],
)
def test_a_deployment_that_cannot_be_is_refused(
    site: RegistrySite, registry: Any, alpha: str, fields: dict[str, Any], what: str
) -> None:
    module = site.module("Refused")
    with pytest.raises(RegistryServiceException, match=what):
        registry.registerApplicationDeployment(GATEWAY, changed(deployed(module, alpha), **fields))
    assert registry.getApplicationDeployments(module) == []
    with pytest.raises(RegistryServiceException, match=module):
        registry.registerApplicationDeployment(OTHER, deployed(module, alpha))


# -- interfaces ---------------------------------------------------------------------------------
def test_an_interface_is_kept_whole_until_it_is_deleted(site: RegistrySite, registry: Any) -> None:
    sent = interface([site.module("One"), site.module("Two")])
    made = registry.registerApplicationInterface(GATEWAY, sent)
    assert re.fullmatch(f"Sort_of_words_{UUID}", made)
    kept = changed(sent, applicationInterfaceId=made)
    assert registry.getApplicationInterface(made) == kept
    assert registry.getApplicationInputs(made) == sent.applicationInputs[::-1]
    assert registry.getApplicationOutputs(made) == sent.applicationOutputs
    assert registry.getAllApplicationInterfaces(GATEWAY) == [kept]
    new = ApplicationInterfaceDescription(applicationInterfaceId="x", applicationName="Other", applicationModules=[])
    assert registry.updateApplicationInterface(made, new)
    assert registry.getApplicationInterface(made) == changed(new, applicationInterfaceId=made)
    assert registry.getApplicationInputs(made) == registry.getApplicationOutputs(made) == []
    there = site.application("There", OTHER)
    assert registry.getAllApplicationInterfaceNames(GATEWAY) == {made: "Other"}
    assert registry.getAllApplicationInterfaceNames(OTHER) == {there: "There"}
    assert registry.deleteApplicationInterface(made)
    assert registry.getAllApplicationInterfaceNames(GATEWAY) == {}
    for call in (
        lambda: registry.getApplicationInterface(made),
        lambda: registry.getApplicationInputs(made),
        lambda: registry.getApplicationOutputs(made),
        lambda: registry.updateApplicationInterface(made, new),
        lambda: registry.deleteApplicationInterface(made),
        lambda: registry.getAvailableAppInterfaceComputeResources(made),
    ):
        with pytest.raises(RegistryServiceException, match=made):
            call()


def test_an_interface_runs_where_its_modules_are_deployed_and_the_resource_is_on(
    site: RegistrySite, registry: Any, alpha: str, beta: str
) -> None:
    module, other = site.module("Runs"), site.module("Does not")
    off = site.machine("off.example.org", enabled=False)
    application = site.application("Runs", modules=(module,))
    assert registry.getAvailableAppInterfaceComputeResources(application) == {}
    for machine in (alpha, off):
        site.deployment(module, machine)
    site.deployment(other, beta)
    assert registry.getAvailableAppInterfaceComputeResources(application) == {alpha: "alpha.example.org"}
    assert registry.deleteApplicationInterface(application)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda sent: changed(sent, applicationModules=["nothing"]), "no application module 'nothing'"),
        (lambda sent: changed(sent, applicationInputs=sent.applicationInputs * 2), "application_inputs"),
        (lambda sent: changed(sent, applicationName=" "), "application_name"),
    ],
)
def test_an_interface_that_cannot_be_is_refused(
    registry: Any, change: Callable[[ApplicationInterfaceDescription], Any], what: str
) -> None:
    with pytest.raises(RegistryServiceException, match=what):
        registry.registerApplicationInterface(GATEWAY, change(interface([])))
    assert registry.getAllApplicationInterfaces(GATEWAY) == []
