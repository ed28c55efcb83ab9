"""Builders of programs and partners; a scope must be open."""

from datetime import UTC, datetime
from typing import Any

from partners.directory.models import Partner
from partners.directory.services import add_partner, enroll
from partners.programs.models import Program
from partners.programs.services import create_program
from prm.events.services import SYSTEM
from tests.builders.objects import Cast, builds

LONG_AGO = datetime(2025, 1, 6, 9, 0, tzinfo=UTC)
SIZE = {
    "key": "size",
    "label": "How many seats?",
    "type": "number",
    "required": False,
    "choices": [],
}


def a_program(
    name: str = "Referral partners", *, currency: str = "EUR", **settings: Any
) -> Program:
    """Make a program; its address is read from the name unless given."""
    slug = settings.pop("slug", name.lower().replace(" ", "-"))
    return create_program(
        name=name, slug=slug, currency=currency, actor=SYSTEM, at=LONG_AGO, **settings
    )


def a_partner(
    name: str = "Brightwater Advisory", *, programs: tuple[Program, ...] = (), **details: Any
) -> Partner:
    """Make an active partner, enrolled in the programs given."""
    return add_partner(
        name=name,
        program_ids=[program.id for program in programs],
        actor=SYSTEM,
        at=LONG_AGO,
        **details,
    )


@builds("partner")
def the_partner(cast: Cast) -> object:
    """The partner the cast's rep belongs to."""
    return cast.partner.id


@builds("program")
def the_program(cast: Cast) -> object:
    """A program of the tenant, with the partner in it."""
    program = Program.objects.filter(slug="built").first()
    if program is None:
        program = a_program("Built", slug="built", custom_fields=[SIZE])
    enroll(partner_id=cast.partner.id, program_id=program.id, actor=SYSTEM, at=LONG_AGO)
    return program.id
