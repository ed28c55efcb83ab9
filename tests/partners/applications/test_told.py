"""Those who decide hear of a new application, and the menu counts what the queue's tab counts."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from partners.applications.decide import ask
from partners.applications.prospects import make_partner
from partners.applications.services import answer_question
from prm.events.relay import relay_tenant
from prm.events.services import SYSTEM
from prm.notices.models import Notice
from prm.tenancy.scope import tenant_scope
from tests.builders.applications import a_prospect, an_admission, an_application
from tests.builders.partners import a_program
from tests.conftest import World
from tests.partners.directory.test_partner_pages import signed_in

LINK = "partners:application-list"
QUEUE = "/acme/manage/applications/"


def told(world: World, kind: str) -> list[tuple[int, str]]:
    relay_tenant(world.acme.id)
    with tenant_scope(world.acme.id):
        return list(Notice.objects.filter(kind=kind).values_list("user_id", "path"))


def test_managers_hear_of_an_application_and_of_an_answer_once(world: World) -> None:
    now = timezone.now()
    with tenant_scope(world.acme.id):
        program = a_program()
        an_admission(program)
        application = an_application(program, at=now)
    path = f"manage/applications/{application.id}/"

    assert (world.manager.id, path) in told(world, "application.new")
    count = len(told(world, "application.new"))
    with tenant_scope(world.acme.id):
        ask(application_id=application.id, question="Why?", actor=SYSTEM, at=now)
        answer_question(application_id=application.id, text="Because", at=now)

    assert (world.manager.id, path) in told(world, "application.replied")
    assert len(told(world, "application.new")) == count


def test_nobody_is_bothered_with_what_a_rule_let_in(world: World) -> None:
    with tenant_scope(world.acme.id):
        program = a_program()
        an_admission(program, "automatic")
        an_application(program, at=timezone.now())

    assert told(world, "application.new") == []


@pytest.mark.parametrize(("days", "hot"), [(1, 0), (9, 1)])
def test_the_menu_counts_as_the_tab_and_is_hot_when_late(world: World, days: int, hot: int) -> None:
    with tenant_scope(world.acme.id):
        program = a_program()
        an_admission(program)
        for name in ("Alder Ltd", "Birch Ltd"):
            an_application(program, name, at=timezone.now() - timedelta(days=days))
    response: Any = signed_in(world.manager).get(QUEUE)

    numbers = response.wsgi_request.menu_numbers
    tab = response.context["queue"].tabs[0]
    assert (numbers[LINK], min(numbers[f"{LINK} hot"], 1)) == (2, hot)
    assert tab.count == "2"


def test_notes_of_a_prospect_are_on_the_partners_page(world: World) -> None:
    with tenant_scope(world.acme.id):
        prospect = a_prospect(notes="Met at the spring fair")
        partner = make_partner(
            prospect_id=prospect.id, program_id=None, actor=SYSTEM, at=timezone.now()
        )

    page = signed_in(world.manager).get(f"/acme/manage/partners/{partner.id}/").text

    assert "How this partner came" in page
    assert "Met at the spring fair" in page
