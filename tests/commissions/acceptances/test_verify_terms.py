"""verify_terms names the first acceptance of terms that is not as it was given."""

import os
from datetime import datetime
from io import StringIO

import psycopg
import pytest
from django.core.management import CommandError, call_command

import tests.builders.commissions  # noqa: F401  registers what it builds
from commissions.acceptances.models import PlanAcceptance
from prm.accounts.capabilities import Role
from prm.tenancy.scope import tenant_scope
from tests.builders.objects import BUILDERS, Cast
from tests.builders.people import a_member
from tests.builders.referrals import a_partner
from tests.conftest import make_world

pytestmark = pytest.mark.slow


@pytest.fixture
def accepted(real_database: str, at: datetime) -> str:
    """Keep one acceptance of new terms, committed; return its id."""
    world = make_world()
    with tenant_scope(world.acme.id):
        partner = a_partner()
        boss = a_member(
            world.acme,
            Role.PARTNER_ADMIN,
            "boss@brightwater.example",
            partner_id=partner.id,
            partner_name=partner.name,
        )
        BUILDERS["plan_acceptance"](
            Cast(
                tenant=world.acme,
                partner=partner,
                rep=boss,
                partner_admin=boss,
                manager=world.manager,
                finance=world.finance,
                second_finance=world.second_finance,
                admin=world.admin,
            )
        )
        return str(PlanAcceptance.objects.get().id)


def verified() -> str:
    out = StringIO()
    try:
        call_command("verify_terms", stdout=out)
    except CommandError as error:
        return f"{out.getvalue()}exit {error.returncode}: {error}"
    return out.getvalue()


def test_what_was_accepted_is_proved_and_what_was_changed_is_named(
    real_database: str, accepted: str
) -> None:
    assert "acme: 1 acceptances, sound" in verified()

    def planted(change: str) -> str:
        with psycopg.connect(os.environ["DATABASE_ADMIN_URL"], dbname=real_database) as superuser:
            superuser.execute("set session_replication_role = replica")
            assert superuser.execute(change).rowcount == 1
        return verified()

    table = "commissions_plan_acceptance"
    said = planted(f"update {table} set text = text || ' and more'")
    assert f"acceptance 1 of 1, {accepted}: the text is not the one whose hash was kept" in said
    assert said.endswith("exit 1: broken: acme")
    said = planted(
        f"update {table} set text_hash = encode(sha256(convert_to(text, 'UTF8')), 'hex')"
    )
    assert f"{accepted}: the hash is not the one in the audit trail" in said
    said = planted(f"delete from {table}")
    assert f"acceptance 0 of 0, {accepted}: it was told of and is gone" in said
