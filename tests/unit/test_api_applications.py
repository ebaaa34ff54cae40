"""Application modules, deployments and interfaces, as portals manage them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from catalogue_site import ADA, ADMIN, BOB, PEER, STRANGER, VIEWER, CatalogueSite, catalogue_site

from airavata_workload.domain.errors import ConflictError, DeniedError, InputError, NotFoundError
from airavata_workload.domain.experiment import DataType
from airavata_workload.records.application_io import InputDataObject, OutputDataObject
from airavata_workload.records.applications import (
    ApplicationDeployment,
    ApplicationInterface,
    ApplicationModule,
    CommandObject,
    SetEnvPaths,
)
from airavata_workload.records.compute_resources import ComputeResource
from airavata_workload.records.groups import ResourcePermissionType

READ, WRITE = ResourcePermissionType.READ, ResourcePermissionType.WRITE


@pytest.fixture
def site(tmp_path: Path) -> Iterator[CatalogueSite]:
    with catalogue_site(tmp_path) as site:
        yield site


class TestModules:
    def test_they_come_change_and_go(self, site: CatalogueSite) -> None:
        module = site.modules.register(ADMIN, "chemistry", ApplicationModule(app_module_name="Gaussian 16"))
        assert module.startswith("Gaussian_16_")
        assert site.modules.get(ADA, module).gateway_id == "chemistry"
        site.modules.update(ADMIN, module, ApplicationModule(app_module_name="Gaussian", app_module_version="16"))
        (found,) = site.modules.all(ADA, "chemistry")
        assert (found.app_module_id, found.app_module_name, found.gateway_id) == (module, "Gaussian", "chemistry")
        assert site.modules.delete(ADMIN, module)
        assert site.modules.all(ADA, "chemistry") == ()

    def test_one_that_is_deployed_stays(self, site: CatalogueSite) -> None:
        module, deployment = site.application(site.alpha())
        with pytest.raises(ConflictError, match=deployment):
            site.modules.delete(ADMIN, module)

    def test_another_gateways_does_not_exist(self, site: CatalogueSite) -> None:
        module, deployment = site.application(site.alpha())
        for asked in (
            lambda: site.modules.get(STRANGER, module),
            lambda: site.modules.delete(STRANGER, module),
            lambda: site.modules.all(STRANGER, "chemistry"),
            lambda: site.deployments.get(STRANGER, deployment),
            lambda: site.deployments.delete(STRANGER, deployment),
            lambda: site.deployments.ids_of_module(STRANGER, module),
        ):
            with pytest.raises(NotFoundError):
                asked()
        with pytest.raises(DeniedError):
            site.modules.update(ADA, module, ApplicationModule(app_module_name="x"))


class TestDeployments:
    def test_the_id_tells_host_and_module_and_is_not_given_twice(self, site: CatalogueSite) -> None:
        alpha = site.alpha()
        module, first = site.application(alpha)
        assert first == f"alpha.example.org_{module}"
        again = replace(site.deployments.get(ADMIN, first), app_deployment_id="", executable_path="/opt/other")
        second = site.deployments.register(ADMIN, "chemistry", again)
        assert second.startswith("alpha.example.org_Gaussian")
        assert second != first
        assert set(site.deployments.ids_of_module(ADMIN, module)) == {first, second}

    def test_a_list_shows_what_is_shared_on_hosts_that_a_profile_opens(self, site: CatalogueSite) -> None:
        alpha = site.alpha()
        module, deployment = site.application(alpha)
        group = site.group(alpha)
        lists = (
            lambda: site.deployments.all(BOB, "chemistry"),
            lambda: site.deployments.accessible(BOB, "chemistry", READ),
            lambda: site.deployments.of_module(BOB, module),
        )
        assert [each() for each in lists] == [(), (), ()]
        assert site.modules.accessible(BOB, "chemistry") == ()
        with pytest.raises(DeniedError):
            site.deployments.get(BOB, deployment)
        site.sharing.share_with_users(ADMIN, deployment, user_permission_list={"bob@chemistry": READ})
        assert site.deployments.all(BOB, "chemistry") == (), "no profile opens the host to them"
        with pytest.raises(DeniedError):
            site.deployments.for_module_and_profile(BOB, module, group)
        site.sharing.share_with_users(ADMIN, group, user_permission_list={"bob@chemistry": READ})
        mine = (site.deployments.get(BOB, deployment),)
        assert [each() for each in lists] == [mine, mine, mine]
        assert site.deployments.for_module_and_profile(BOB, module, group) == mine
        assert [each.app_module_id for each in site.modules.accessible(BOB, "chemistry")] == [module]
        assert site.deployments.accessible(BOB, "chemistry", WRITE) == ()
        assert site.deployments.all(VIEWER, "chemistry") == mine

    def test_the_gateways_own_profile_opens_hosts_too(self, site: CatalogueSite) -> None:
        alpha = site.alpha()
        _, deployment = site.application(alpha)
        site.sharing.share_with_users(ADMIN, deployment, user_permission_list={"ada@chemistry": READ})
        site.profile(alpha)
        assert [each.app_deployment_id for each in site.deployments.all(ADA, "chemistry")] == [deployment]

    def test_write_is_needed_to_change_it_and_admin_to_register_it(self, site: CatalogueSite) -> None:
        module, deployment = site.application(site.alpha())
        changed = replace(site.deployments.get(ADMIN, deployment), executable_path="/opt/g16/new")
        for denied in (
            lambda: site.deployments.register(ADA, "chemistry", changed),
            lambda: site.deployments.update(ADA, deployment, changed),
            lambda: site.deployments.delete(ADA, deployment),
            lambda: site.deployments.update(VIEWER, deployment, changed),
        ):
            with pytest.raises(DeniedError):
                denied()
        site.sharing.share_with_users(ADMIN, deployment, user_permission_list={"ada@chemistry": WRITE})
        site.deployments.update(ADA, deployment, changed)
        assert site.deployments.get(ADMIN, deployment) == changed
        assert site.deployments.delete(ADA, deployment)
        assert site.deployments.ids_of_module(ADMIN, module) == ()
        assert not site.sharing.user_has_access(ADMIN, deployment), "with whom it was shared is forgotten"

    def test_internal_peers_say_for_whom_they_ask(self, site: CatalogueSite) -> None:
        alpha = site.alpha()
        module, deployment = site.application(alpha)
        ask = site.deployments.accessible_among
        assert [each.app_deployment_id for each in ask(PEER, "chemistry", (deployment,), (alpha,))] == [deployment]
        assert ask(PEER, "chemistry", (deployment,), ()) == ask(PEER, "chemistry", (), (alpha,)) == ()
        of_module = site.deployments.accessible_among_of_module
        assert of_module(PEER, "chemistry", "no-such", (deployment,), (alpha,)) == ()
        assert len(of_module(PEER, "chemistry", module, (deployment,), (alpha,))) == 1
        assert len(site.modules.accessible_among(PEER, "chemistry", (deployment,), (alpha,))) == 1

    @pytest.mark.parametrize(
        ("fields", "named"),
        [
            ({"executable_path": ""}, "executable_path"),
            ({"default_node_count": -1}, "default_node_count"),
            ({"module_load_cmds": (CommandObject(command="module load a\nrm -rf /"),)}, "module_load_cmds"),
            ({"set_environment": (SetEnvPaths(name="A B", value="x"),)}, "set_environment"),
            ({"lib_prepend_paths": (SetEnvPaths(name="PATH", value="a\nb"),)}, "lib_prepend_paths"),
        ],
    )
    def test_a_refusal_names_the_field(self, site: CatalogueSite, fields: dict[str, object], named: str) -> None:
        alpha = site.alpha()
        module, _ = site.application(alpha)
        right = ApplicationDeployment(app_module_id=module, compute_host_id=alpha, executable_path="/x")
        with pytest.raises(InputError, match=named):
            site.deployments.register(ADMIN, "chemistry", replace(right, **fields))  # type: ignore[arg-type]

    def test_module_and_host_must_be_there(self, site: CatalogueSite) -> None:
        alpha = site.alpha()
        module, _ = site.application(alpha)
        theirs = site.modules.register(STRANGER, "biology", ApplicationModule(app_module_name="BLAST"))
        for module_id, host_id in ((theirs, alpha), ("no-such", alpha), (module, "no-such")):
            wrong = ApplicationDeployment(app_module_id=module_id, compute_host_id=host_id, executable_path="/x")
            with pytest.raises(NotFoundError):
                site.deployments.register(ADMIN, "chemistry", wrong)


class TestInterfaces:
    def interface(self, *modules: str) -> ApplicationInterface:
        return ApplicationInterface(
            application_name="Gaussian",
            application_modules=modules,
            application_inputs=(
                InputDataObject(name="second", type=DataType.URI, input_order=1),
                InputDataObject(name="first", type=DataType.STRING, input_order=0),
            ),
            application_outputs=(OutputDataObject(name="log", type=DataType.STDOUT),),
        )

    def test_inputs_come_in_their_order(self, site: CatalogueSite) -> None:
        module, _ = site.application(site.alpha())
        identifier = site.interfaces.register(ADMIN, "chemistry", self.interface(module))
        assert identifier.startswith("Gaussian_")
        assert [each.name for each in site.interfaces.inputs(ADA, identifier)] == ["first", "second"]
        assert [each.name for each in site.interfaces.outputs(ADA, identifier)] == ["log"]
        assert site.interfaces.names(ADA, "chemistry") == {identifier: "Gaussian"}

    def test_it_runs_on_enabled_hosts_where_its_modules_are(self, site: CatalogueSite) -> None:
        alpha = site.alpha()
        module, _ = site.application(alpha)
        identifier = site.interfaces.register(ADMIN, "chemistry", self.interface(module))
        assert site.interfaces.compute_resources(ADA, identifier) == {alpha: "alpha.example.org"}
        site.compute.update(ADMIN, alpha, ComputeResource(host_name="alpha.example.org", enabled=False))
        assert site.interfaces.compute_resources(ADA, identifier) == {}

    def test_a_clone_is_another_one(self, site: CatalogueSite) -> None:
        module, _ = site.application(site.alpha())
        old = site.interfaces.register(ADMIN, "chemistry", self.interface(module))
        new = site.interfaces.clone(ADMIN, old, "Gaussian for courses", "chemistry")
        assert site.interfaces.names(ADA, "chemistry") == {old: "Gaussian", new: "Gaussian for courses"}
        copied = replace(site.interfaces.get(ADA, new), application_interface_id=old, application_name="Gaussian")
        assert copied == site.interfaces.get(ADA, old)
        with pytest.raises(NotFoundError):
            site.interfaces.clone(ADMIN, old, "x", "biology")

    def test_it_changes_and_goes(self, site: CatalogueSite) -> None:
        module, _ = site.application(site.alpha())
        identifier = site.interfaces.register(ADMIN, "chemistry", self.interface(module))
        assert site.interfaces.update(ADMIN, identifier, replace(self.interface(), application_name="G"))
        assert site.interfaces.get(ADA, identifier).application_modules == ()
        for denied in (
            lambda: site.interfaces.update(ADA, identifier, self.interface()),
            lambda: site.interfaces.delete(VIEWER, identifier),
        ):
            with pytest.raises(DeniedError):
                denied()
        assert site.interfaces.delete(ADMIN, identifier)
        with pytest.raises(NotFoundError):
            site.interfaces.get(ADA, identifier)

    def test_a_refusal_names_what_is_wrong(self, site: CatalogueSite) -> None:
        module, _ = site.application(site.alpha())
        twice = (InputDataObject(name="a"), InputDataObject(name="a"))
        for wrong, named in (
            (replace(self.interface(module), application_name=" "), "application_name"),
            (replace(self.interface(module), application_inputs=twice), "'a' twice"),
            (replace(self.interface(module), application_outputs=(OutputDataObject(name=""),)), "application_outputs"),
        ):
            with pytest.raises(InputError, match=named):
                site.interfaces.register(ADMIN, "chemistry", wrong)
        with pytest.raises(NotFoundError, match="no-such"):
            site.interfaces.register(ADMIN, "chemistry", self.interface("no-such"))
