"""Notices about debts."""

from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from prm.notices.kinds import PARTNER, STAFF, kind
from prm.web.formats import money_text


def _amount(facts: dict[str, Any]) -> dict[str, str]:
    return {"amount": money_text(facts["amount_minor"], facts["currency"])}


@kind("write_off.asked", label=_("A write-off waits for approval"), audience=STAFF)
def write_off_asked(facts: dict[str, Any]) -> str:
    """Title: a second person is needed."""
    return gettext("A write-off of %(amount)s waits for approval") % _amount(facts)


@kind("write_off.refused", label=_("A write-off was refused"), audience=STAFF)
def write_off_refused(facts: dict[str, Any]) -> str:
    """Title: the debt stays."""
    return gettext("The write-off of %(amount)s was refused") % _amount(facts)


@kind("write_off.approved", label=_("A debt of yours was written off"), audience=PARTNER)
def write_off_approved(facts: dict[str, Any]) -> str:
    """Title: nothing of it is deducted any more."""
    return gettext("%(amount)s that you owed was written off") % _amount(facts)


@kind("balance.converted", label=_("Money of yours was converted"), audience=PARTNER)
def converted(facts: dict[str, Any]) -> str:
    """Title: it is payable in another currency."""
    after = money_text(facts["into_minor"], facts["into_currency"])
    return gettext("%(amount)s of yours is now %(after)s") % {**_amount(facts), "after": after}
