"""What an applicant's page says once the decision is made."""

import pytest
from django.utils import timezone

from partners.applications.models import Application, ApplicationState
from partners.applications.progress import own_page
from prm.accounts.capabilities import Role
from prm.tenancy.scope import tenant_scope
from tests.builders.applying import an_open_program
from tests.builders.partners import a_partner
from tests.builders.people import a_member
from tests.conftest import World


@pytest.mark.parametrize(("rule", "middle"), [("course", "Course"), ("rules", "Review")])
def test_the_middle_names_the_course_and_who_joined_signs_in(
    world: World, rule: str, middle: str
) -> None:
    with tenant_scope(world.acme.id):
        partner = a_partner()
        application = Application(
            program=an_open_program(),
            email="olga@oak.example",
            state=ApplicationState.APPROVED,
            decided_rule=rule,
            partner=partner,
        )
        before = own_page(application, token="x", at=timezone.now())
        a_member(
            world.acme,
            Role.PARTNER_REP,
            "olga@oak.example",
            partner_id=partner.id,
            partner_name=partner.name,
        )
        after = own_page(application, token="x", at=timezone.now())

    assert before.stages[1].name == middle
    assert "invitation" in before.text
    assert not before.login_url
    assert after.title == "You have joined"
    assert after.login_url
