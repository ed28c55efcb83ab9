"""Make a vendor and invite its first program admin: manage.py create_tenant acme "Acme GmbH" ada@acme.example."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from prm.accounts.capabilities import Role
from prm.accounts.invitations import (
    invite,
    token_of,
)
from prm.events.services import SYSTEM
from prm.tenancy.links import tenant_url
from prm.tenancy.scope import tenant_scope
from prm.tenancy.services import SlugReserved, SlugTaken, create_tenant


class Command(BaseCommand):
    """Tenant and first invitation in one transaction; the worker mails the invitation, the link is printed too."""

    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="first part of the vendor's addresses, such as acme")
        parser.add_argument("name", help="the vendor's name as partners know it")
        parser.add_argument("admin_email", help="whom to invite as program admin")
        parser.add_argument("--admin-name", default="")
        parser.add_argument("--time-zone", default="UTC")
        parser.add_argument("--language", default="en")
        parser.add_argument("--currency", default="EUR")

    def handle(self, *args: Any, **options: Any) -> None:
        with transaction.atomic():
            try:
                tenant = create_tenant(
                    slug=options["slug"],
                    name=options["name"],
                    time_zone=options["time_zone"],
                    language=options["language"],
                    currency=options["currency"],
                )
            except SlugTaken as error:
                raise CommandError(f"{error} is taken by another tenant") from error
            except SlugReserved as error:
                raise CommandError(f"{error} belongs to the portal's own pages") from error
            except ValidationError as error:
                raise CommandError(
                    "; ".join(
                        f"{name}: {' '.join(texts)}" for name, texts in error.message_dict.items()
                    )
                ) from error
            with tenant_scope(tenant.id):
                invitation = invite(
                    email=options["admin_email"],
                    name=options["admin_name"],
                    roles=[Role.PROGRAM_ADMIN],
                    language=options["language"],
                    actor=SYSTEM,
                    at=timezone.now(),
                )
        self.stdout.write(f"{tenant.name}: {tenant_url(tenant, 'start')}")
        self.stdout.write(
            f"invitation for {invitation.email}: {tenant_url(tenant, 'invitation-open', token=token_of(invitation))}"
        )
