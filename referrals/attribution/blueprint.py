"""Attribution in copies, exports and imports of programs."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partners.directory.models import PartnerType
from partners.programs.templates import BadPart, Reading, Writing, part, table
from referrals.attribution.forms import RulesForm, rules_initial
from referrals.attribution.models import AttributionRules
from referrals.attribution.rules import WHOLE
from referrals.attribution.selectors import settings_json, settings_of
from referrals.attribution.services import set_attribution_rules


@part("attribution", order=30, title=gettext_lazy("Attribution"))
class AttributionPart:
    """Who gets the credit, as settings; None while the defaults hold."""

    @staticmethod
    def read(reading: Reading) -> Any:
        """Return the program's own rules."""
        if not AttributionRules.objects.filter(program_id=reading.program.id).exists():
            return None
        return settings_json(settings_of(reading.program.id))

    @staticmethod
    def write(data: Any, writing: Writing) -> str:
        """Set the rules that the form would take."""
        given = {**rules_initial(settings_of(writing.program.id)), **table(data)}
        share = given.get("service_share")
        if isinstance(share, int):
            given["service_share"] = str(100 * share / WHOLE)
        else:
            given["service_share"] = "20"
        kinds = set(PartnerType.values)
        given["exempt_types"] = [name for name in given.get("exempt_types") or [] if name in kinds]
        form = RulesForm(given)
        if not form.is_valid():
            raise BadPart(_("The rules of attribution have numbers that no program may have"))
        set_attribution_rules(
            program_id=writing.program.id,
            settings=form.settings,
            actor=writing.actor,
            at=writing.at,
        )
        return _("Attribution taken over")
