"""The operator makes tenants and invites their first people from the command line."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from prm.accounts.models import Invitation
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from tests.conftest import World


def run(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


@pytest.mark.django_db
def test_a_tenant_comes_with_its_first_invitation() -> None:
    said = run(
        "create_tenant",
        "velden",
        "Velden Software",
        "Ada@velden.example",
        "--time-zone",
        "Europe/Amsterdam",
    )

    tenant = Tenant.objects.get(slug="velden")
    with tenant_scope(tenant.id):
        invitation = Invitation.objects.get()
    assert (tenant.time_zone, invitation.email, invitation.roles) == (
        "Europe/Amsterdam",
        "ada@velden.example",
        ["program_admin"],
    )
    assert "/velden/invitations/" in said


@pytest.mark.parametrize("slug", ["acme", "accounts", "manage", "Bad Slug", "a/b", ""])
def test_a_slug_that_cannot_be_makes_nothing(world: World, slug: str) -> None:
    with pytest.raises(CommandError):
        run("create_tenant", slug, "X", "ada@x.example")

    assert Tenant.objects.count() == 2


def test_somebody_is_invited_to_the_staff(world: World) -> None:
    said = run(
        "invite", "acme", "new@acme.example", "--role", "finance", "--role", "channel_manager"
    )

    with tenant_scope(world.acme.id):
        assert Invitation.objects.get().roles == ["channel_manager", "finance"]
    assert "/acme/invitations/" in said


@pytest.mark.parametrize(
    "arguments",
    [("nosuch", "new@acme.example"), ("acme", "no address"), ("acme", "manager@acme.example")],
)
def test_an_invitation_that_cannot_be_is_refused(world: World, arguments: tuple[str, str]) -> None:
    with pytest.raises(CommandError):
        run("invite", *arguments, "--role", "finance")
