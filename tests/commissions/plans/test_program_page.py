"""A program's page says what its plan in force pays."""

from datetime import datetime

from django.test import Client

from prm.tenancy.scope import tenant_scope
from tests.builders.commissions import a_plan
from tests.builders.referrals import a_program
from tests.conftest import World


def test_it_says_what_the_plan_in_force_pays(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        program = a_program()
    client = Client()
    client.force_login(world.manager, backend="allauth.account.auth_backends.AuthenticationBackend")
    address = f"/acme/manage/programs/{program.id}/"

    assert "No plan is in force" in client.get(address).text

    with tenant_scope(world.acme.id):
        a_plan(program)

    page = client.get(address).text
    assert "No plan is in force" not in page
    assert "20%" in page
    assert f'href="{address}plans/"' in page
