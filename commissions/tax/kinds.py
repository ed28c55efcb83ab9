"""Notices about tax forms."""

from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from commissions.tax.models import FormKind
from prm.notices.kinds import PARTNER, STAFF, kind


def _named(facts: dict[str, Any]) -> dict[str, Any]:
    return {**facts, "form": FormKind(facts["form"]).label}


@kind("tax.form_sent", label=_("A partner sent a tax form"), audience=STAFF)
def form_sent(facts: dict[str, Any]) -> str:
    """Title: a form waits to be checked."""
    return gettext("%(partner)s sent its tax form: %(form)s") % _named(facts)


@kind("tax.form_decided", label=_("A tax form is checked"), audience=PARTNER)
def form_decided(facts: dict[str, Any]) -> str:
    """Title: what finance said."""
    if facts.get("approved"):
        return gettext("Your tax form is approved: %(form)s") % _named(facts)
    return gettext("Your tax form was refused: %(form)s") % _named(facts)
