"""verify_agreements proves signed texts and names the first that was altered."""

from datetime import datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connections

from partners.agreements.models import Acceptance
from prm.tenancy.scope import tenant_scope
from tests.builders.agreements import a_signature, an_agreement
from tests.builders.partners import a_partner, a_program
from tests.conftest import World, make_world

pytestmark = pytest.mark.slow


@pytest.fixture
def signed(real_database: str, at: datetime) -> list[Acceptance]:
    """Three signatures of one tenant, oldest first; committed."""
    world: World = make_world()
    with tenant_scope(world.acme.id):
        program = a_program()
        version = an_agreement(program)
        for number, name in enumerate(("Kestrel", "Brightwater", "Solea")):
            partner = a_partner(name, programs=(program,))
            a_signature(version, partner, world.manager, at=at + timedelta(days=number))
        return list(Acceptance.objects.order_by("id"))


def verified(*arguments: str) -> tuple[int, str]:
    """Run the command; return its exit code and what it said."""
    out = StringIO()
    try:
        call_command("verify_agreements", *arguments, stdout=out)
    except CommandError as error:
        return error.returncode, out.getvalue() + str(error)
    return 0, out.getvalue()


def tamper(acceptance: Acceptance, change: str) -> None:
    """Change a signature behind the trigger's back, as only the owner of the table could."""
    with connections["owner"].cursor() as cursor:
        cursor.execute("alter table partners_acceptance disable trigger user")
        cursor.execute(f"update partners_acceptance set {change} where id = %s", [acceptance.id])
        assert cursor.rowcount == 1
        cursor.execute("alter table partners_acceptance enable trigger user")


def test_whole_signatures_are_sound(signed: list[Acceptance]) -> None:
    code, said = verified()

    assert code == 0
    assert "acme: 3 signatures, sound" in said
    assert "globex: 0 signatures, sound" in said


def test_the_first_altered_text_is_named_with_its_position(signed: list[Acceptance]) -> None:
    for acceptance in signed[1:]:
        tamper(acceptance, "text = text || ' or not'")

    code, said = verified("--tenant", "acme")

    assert code == 1
    assert f"acme: signature 2 of 3, {signed[1].id}: the text is not the one" in said
    assert str(signed[2].id) not in said
    assert verified("--tenant", "globex")[0] == 0


def test_a_hash_altered_with_its_text_is_found_by_the_audit_trail(
    signed: list[Acceptance],
) -> None:
    tamper(
        signed[2],
        "text = 'Other', text_hash = encode(sha256(convert_to('Other', 'UTF8')), 'hex')",
    )

    code, said = verified()

    assert code == 1
    assert f"signature 3 of 3, {signed[2].id}: the hash is not the one in the audit trail" in said
