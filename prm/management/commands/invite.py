"""Invite somebody to a vendor's staff: manage.py invite acme fin@acme.example --role finance."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email
from django.utils import timezone

from prm.accounts.capabilities import STAFF_ROLES
from prm.accounts.invitations import (
    invite,
    token_of,
)
from prm.accounts.services import AlreadyMember
from prm.events.services import SYSTEM
from prm.tenancy.links import tenant_url
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope


class Command(BaseCommand):
    """The operator's invitation; the worker mails it, the link is printed too."""

    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("tenant", help="slug of the vendor")
        parser.add_argument("email")
        parser.add_argument(
            "--role",
            action="append",
            choices=sorted(STAFF_ROLES),
            required=True,
            dest="roles",
            help="may be repeated",
        )
        parser.add_argument("--name", default="")

    def handle(self, *args: Any, **options: Any) -> None:
        tenant = Tenant.objects.filter(slug=options["tenant"]).first()
        if tenant is None:
            raise CommandError(f"there is no tenant {options['tenant']}")
        try:
            validate_email(options["email"])
            with tenant_scope(tenant.id):
                invitation = invite(
                    email=options["email"],
                    name=options["name"],
                    roles=options["roles"],
                    actor=SYSTEM,
                    at=timezone.now(),
                )
        except ValidationError as error:
            raise CommandError(f"{options['email']} is no email address") from error
        except AlreadyMember as error:
            raise CommandError(f"{error} works there already") from error
        self.stdout.write(
            f"invitation for {invitation.email}: {tenant_url(tenant, 'invitation-open', token=token_of(invitation))}"
        )
