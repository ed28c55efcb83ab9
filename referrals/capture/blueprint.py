"""How a program treats the person referred, in its copies and files."""

from dataclasses import asdict
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partners.programs.templates import BadPart, Reading, Writing, part, table, words
from referrals.capture.models import PrivacyRules, Telling
from referrals.capture.privacy import privacy_of, set_privacy_rules
from referrals.capture.rules import Privacy


@part("privacy", order=60, title=gettext_lazy("Privacy of the person referred"))
class PrivacyPart:
    """The rules; None while the defaults hold."""

    @staticmethod
    def read(reading: Reading) -> Any:
        """Return the program's own rules."""
        if not PrivacyRules.objects.filter(program_id=reading.program.id).exists():
            return None
        return asdict(privacy_of(reading.program.id))

    @staticmethod
    def write(data: Any, writing: Writing) -> str:
        """Give the fresh program these rules."""
        given = {**asdict(Privacy()), **table(data)}
        tells, basis = str(given["tells"]), words(given["basis"], 400)
        if tells not in Telling.values or (tells == Telling.NEVER and not basis):
            raise BadPart(_("The rules say nothing of when the person referred is told"))
        rules = Privacy(tells, basis, given["shares_contacts"] is True)
        set_privacy_rules(
            program_id=writing.program.id, rules=rules, actor=writing.actor, at=writing.at
        )
        return _("Rules taken over")
