"""tenant_scope shows one tenant and nothing outside."""

import pytest
from django.db import DatabaseError, connection, transaction

from partners.programs.models import Program
from prm.tenancy.scope import ScopeAlreadyOpen, tenant_scope
from tests.conftest import World


def a_program_row(name: str) -> Program:
    return Program.objects.create(name=name, slug=name, currency="EUR")


def test_a_row_is_stamped_and_seen_in_its_tenant_only(world: World) -> None:
    with tenant_scope(world.acme.id):
        row = a_program_row("one")
        assert Program.objects.get(id=row.id).tenant_id == world.acme.id

    with tenant_scope(world.globex.id):
        assert not Program.objects.filter(id=row.id).exists()


def test_outside_a_scope_reads_are_empty_and_writes_fail(world: World) -> None:
    with tenant_scope(world.acme.id):
        a_program_row("one")

    assert Program.objects.count() == 0
    with pytest.raises(DatabaseError), transaction.atomic():
        a_program_row("two")


def test_scopes_never_nest(world: World) -> None:
    with (
        tenant_scope(world.acme.id),
        pytest.raises(ScopeAlreadyOpen),
        tenant_scope(world.globex.id),
    ):
        pass


def test_tests_run_as_the_application_role(world: World) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "select current_user, rolsuper, rolbypassrls from pg_roles where rolname = current_user"
        )
        assert cursor.fetchone() == ("prm_app", False, False)
