"""Notifications, parsers and workflow templates, as portals manage them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from catalogue_site import ADA, ADMIN, BOB, PEER, STRANGER, VIEWER, CatalogueSite, catalogue_site

from airavata_workload.domain.errors import ConflictError, DeniedError, InputError, NotFoundError
from airavata_workload.records.experiments import GatewayExperiment
from airavata_workload.records.notifications import Notification, NotificationPriority
from airavata_workload.records.parsers import (
    IOType,
    Parser,
    ParserConnector,
    ParserConnectorInput,
    ParserInput,
    ParserOutput,
    ParsingTemplate,
    ParsingTemplateInput,
)
from airavata_workload.records.record import DEFAULT_ID
from airavata_workload.records.workflows import Workflow


@pytest.fixture
def site(tmp_path: Path) -> Iterator[CatalogueSite]:
    with catalogue_site(tmp_path) as site:
        yield site


class TestNotifications:
    notice = Notification(
        gateway_id="chemistry",
        title="Maintenance",
        notification_message="On Monday",
        priority=NotificationPriority.HIGH,
        published_at_ms=1,
        expires_at_ms=2,
    )

    def test_they_come_change_and_go(self, site: CatalogueSite) -> None:
        identifier = site.notifications.create(ADMIN, self.notice)
        found = site.notifications.get(ADA, "chemistry", identifier)
        assert found == replace(self.notice, notification_id=identifier, created_at_ms=site.clock() // 1000)
        assert site.notifications.update(ADMIN, replace(found, title="Over", created_at_ms=None))
        assert site.notifications.all(ADA, "chemistry") == (replace(found, title="Over"),)
        assert site.notifications.delete(ADMIN, "chemistry", identifier)
        assert site.notifications.all(ADA, "chemistry") == ()
        for gone in (
            lambda: site.notifications.get(ADA, "chemistry", identifier),
            lambda: site.notifications.update(ADMIN, found),
            lambda: site.notifications.delete(ADMIN, "chemistry", identifier),
        ):
            with pytest.raises(NotFoundError):
                gone()

    def test_who_may(self, site: CatalogueSite) -> None:
        identifier = site.notifications.create(ADMIN, self.notice)
        for caller in (ADA, VIEWER):
            with pytest.raises(DeniedError):
                site.notifications.create(caller, self.notice)
        for asked in (
            lambda: site.notifications.all(STRANGER, "chemistry"),
            lambda: site.notifications.get(STRANGER, "biology", identifier),
            lambda: site.notifications.delete(STRANGER, "biology", identifier),
        ):
            with pytest.raises(NotFoundError):
                asked()

    @pytest.mark.parametrize(
        ("wrong", "named"),
        [
            (replace(notice, title=""), "title"),
            (replace(notice, notification_message=" "), "notification_message"),
            (replace(notice, published_at_ms=3), "expires"),
        ],
    )
    def test_a_refusal_names_the_field(self, site: CatalogueSite, wrong: Notification, named: str) -> None:
        with pytest.raises(InputError, match=named):
            site.notifications.create(ADMIN, wrong)


def parser(**fields: object) -> Parser:
    made = Parser(
        id=DEFAULT_ID,
        image_name="parsers/gaussian",
        output_dir_path="/out",
        input_dir_path="/in",
        execution_command="parse",
        input_files=(ParserInput(id="", name="log", required_input=True, parser_id="", type=IOType.FILE),),
        output_files=(ParserOutput(id="", name="energy", required_output=True, parser_id="", type=IOType.PROPERTY),),
        gateway_id="chemistry",
    )
    return replace(made, **fields)  # type: ignore[arg-type]


def template(first: str, target: str, interface: str = "gaussian") -> ParsingTemplate:
    return ParsingTemplate(
        id=DEFAULT_ID,
        application_interface=interface,
        initial_inputs=(
            ParsingTemplateInput(id="", target_input_id=target, application_output_name="log", parsing_template_id=""),
        ),
        parser_connections=(
            ParserConnector(
                id="",
                parent_parser_id=first,
                child_parser_id=first,
                connector_inputs=(ParserConnectorInput(id="", input_id=target, value="1", parser_connector_id=""),),
                parsing_template_id="",
            ),
        ),
        gateway_id="chemistry",
    )


class TestParsers:
    def test_the_parts_get_their_ids(self, site: CatalogueSite) -> None:
        identifier = site.parsers.save(ADMIN, parser())
        found = site.parsers.get(ADA, identifier, "chemistry")
        assert {each.parser_id for each in (*found.input_files, *found.output_files)} == {identifier}
        assert site.parsers.input(ADA, found.input_files[0].id, "chemistry") == found.input_files[0]
        assert site.parsers.output(ADA, found.output_files[0].id, "chemistry") == found.output_files[0]
        assert site.parsers.save(ADMIN, replace(found, image_name="parsers/new")) == identifier
        assert [each.image_name for each in site.parsers.all(ADA, "chemistry")] == ["parsers/new"]
        with pytest.raises(NotFoundError):
            site.parsers.input(ADA, "no-such", "chemistry")

    def test_a_template_belongs_to_an_application(self, site: CatalogueSite) -> None:
        first = site.parsers.save(ADMIN, parser())
        target = site.parsers.get(ADA, first, "chemistry").input_files[0].id
        identifier = site.parsers.save_template(ADMIN, template(first, target))
        found = site.parsers.get_template(ADA, identifier, "chemistry")
        connector = found.parser_connections[0]
        assert found.initial_inputs[0].parsing_template_id == connector.parsing_template_id == identifier
        assert connector.connector_inputs[0].parser_connector_id == connector.id
        with site.records.transaction() as records:
            for name, interface in (("x_1", "gaussian"), ("x_2", "other")):
                records.put(
                    GatewayExperiment(
                        experiment_id=name,
                        project_id="p",
                        gateway_id="chemistry",
                        user_name="ada",
                        experiment_name="x",
                        execution_id=interface,
                    )
                )
        assert site.parsers.templates_for_experiment(ADA, "x_1", "chemistry") == (found,)
        assert site.parsers.templates_for_experiment(ADA, "x_2", "chemistry") == ()
        with pytest.raises(NotFoundError, match="experiment 'x_1'"):
            site.parsers.templates_for_experiment(replace(ADA, user="bea"), "x_1", "chemistry")
        with pytest.raises(NotFoundError):
            site.parsers.templates_for_experiment(STRANGER, "x_1", "biology")
        with pytest.raises(ConflictError, match=identifier):
            site.parsers.remove(ADMIN, first, "chemistry")
        assert site.parsers.all_templates(ADA, "chemistry") == (found,)
        assert site.parsers.remove_template(ADMIN, identifier, "chemistry")
        assert site.parsers.remove(ADMIN, first, "chemistry")

    def test_an_id_that_another_gateway_has_is_taken_and_nothing_more_is_said(self, site: CatalogueSite) -> None:
        identifier = site.parsers.save(ADMIN, parser())
        with pytest.raises(ConflictError, match="is taken") as refusal:
            site.parsers.save(STRANGER, parser(id=identifier, gateway_id="biology"))
        assert "chemistry" not in str(refusal.value)
        assert [each.id for each in site.parsers.all(ADA, "chemistry")] == [identifier]

    def test_who_may(self, site: CatalogueSite) -> None:
        identifier = site.parsers.save(ADMIN, parser())
        for denied in (
            lambda: site.parsers.save(ADA, parser()),
            lambda: site.parsers.remove(VIEWER, identifier, "chemistry"),
        ):
            with pytest.raises(DeniedError):
                denied()
        for asked in (
            lambda: site.parsers.get(STRANGER, identifier, "biology"),
            lambda: site.parsers.get(STRANGER, identifier, "chemistry"),
        ):
            with pytest.raises(NotFoundError):
                asked()

    def test_a_refusal_names_what_is_wrong(self, site: CatalogueSite) -> None:
        with pytest.raises(InputError, match="image_name"):
            site.parsers.save(ADMIN, parser(image_name=""))
        with pytest.raises(NotFoundError, match="parser 'no-such'"):
            site.parsers.save_template(ADMIN, template("no-such", "input"))


class TestWorkflows:
    flow = Workflow(name="two steps", graph="{}", gateway_id="", created_user="", image=b"\x89PNG")

    def test_they_come_change_and_go(self, site: CatalogueSite) -> None:
        identifier = site.workflows.register(ADA, "chemistry", self.flow)
        assert identifier.startswith("two_steps_")
        found = site.workflows.get(BOB, identifier)
        assert (found.gateway_id, found.created_user, found.image) == ("chemistry", "ada", b"\x89PNG")
        assert site.workflows.exists(BOB, "two steps")
        assert site.workflows.id_of(BOB, "two steps") == identifier
        assert site.workflows.ids(BOB, "chemistry") == site.workflows.own_ids(PEER) == (identifier,)
        site.workflows.update(ADA, identifier, replace(self.flow, graph="{1}", created_user="bob"))
        assert site.workflows.get(BOB, identifier) == replace(found, graph="{1}")
        site.workflows.delete(ADMIN, identifier)
        assert not site.workflows.exists(ADA, "two steps")
        with pytest.raises(NotFoundError):
            site.workflows.id_of(ADA, "two steps")

    def test_who_may(self, site: CatalogueSite) -> None:
        identifier = site.workflows.register(ADA, "chemistry", self.flow)
        for denied in (
            lambda: site.workflows.update(BOB, identifier, self.flow),
            lambda: site.workflows.delete(BOB, identifier),
            lambda: site.workflows.register(VIEWER, "chemistry", replace(self.flow, name="other")),
        ):
            with pytest.raises(DeniedError):
                denied()
        with pytest.raises(NotFoundError):
            site.workflows.get(STRANGER, identifier)
        assert not site.workflows.exists(STRANGER, "two steps")
        assert site.workflows.register_own(STRANGER, self.flow), "another gateway has names of its own"
        assert site.workflows.own_ids(STRANGER) != site.workflows.own_ids(ADA)

    def test_a_name_is_given_once(self, site: CatalogueSite) -> None:
        site.workflows.register(ADA, "chemistry", self.flow)
        second = site.workflows.register(ADA, "chemistry", replace(self.flow, name="other"))
        with pytest.raises(ConflictError, match="two steps"):
            site.workflows.register(BOB, "chemistry", self.flow)
        with pytest.raises(ConflictError):
            site.workflows.update(ADA, second, self.flow)
