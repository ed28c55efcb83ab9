"""A program's rules for sharing in its copies and files."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partners.programs.templates import (
    BadPart,
    Reading,
    Writing,
    part,
    rows,
    table,
    texts,
    whole,
    words,
)
from referrals.sharing.models import Consent, SharingRules
from referrals.sharing.rules import LEAD_FIELDS
from referrals.sharing.selectors import destinations_of
from referrals.sharing.services import BadDestination, add_destination, edit_sharing_rules
from referrals.sharing.settings import DEFAULTS, FIELDS, sharing_rules

MOST_DESTINATIONS = 100


@part("sharing", order=22, title=gettext_lazy("Sharing"))
class SharingPart:
    """The rules and the pages to which links may lead; None while the defaults hold."""

    @staticmethod
    def read(reading: Reading) -> Any:
        """Return the program's own rules and pages."""
        program_id = reading.program.id
        places = [{"label": row.label, "url": row.url} for row in destinations_of(program_id)]
        if not places and not SharingRules.objects.filter(program_id=program_id).exists():
            return None
        rules = sharing_rules(program_id)
        return {**{name: getattr(rules, name) for name in FIELDS}, "destinations": places}

    @staticmethod
    def write(data: Any, writing: Writing) -> str:
        """Give the fresh program these rules and pages."""
        given = {**DEFAULTS, **table(data)}
        asked = given["lead_fields"]
        if given["consent"] not in Consent.values or not set(asked) <= set(LEAD_FIELDS):
            raise BadPart(_("The rules for sharing cannot be read"))
        edit_sharing_rules(
            program_id=writing.program.id,
            cookie_days=whole(given["cookie_days"], 1, 400),
            double_minutes=whole(given["double_minutes"], 0, 1440),
            consent=given["consent"],
            approve_pages=bool(given["approve_pages"]),
            lead_fields=list(asked),
            disclosure=texts(given["disclosure"], 400),
            actor=writing.actor,
            at=writing.at,
        )
        for row in rows(given.get("destinations") or [], MOST_DESTINATIONS):
            _add(row, writing)
        return _("Rules taken over")


def _add(row: Any, writing: Writing) -> None:
    try:
        add_destination(
            program_id=writing.program.id,
            label=words(row.get("label"), 80),
            url=words(row.get("url"), 500),
            actor=writing.actor,
            at=writing.at,
        )
    except BadDestination as refused:
        raise BadPart(_("A page for links is no web address")) from refused
