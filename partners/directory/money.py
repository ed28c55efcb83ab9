"""What happens to a partner's money and referrals when it is paused, ended or taken up again.

Packages above say what there is (`fills_money_preview`); here it is put into words. The lines that a person saw are
kept with the change, as codes and numbers, so that every reader gets them in their own language.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from partners.directory.models import PartnerState
from prm.web.formats import day_text, money_text


class Item(StrEnum):
    """What a line is about, in the order of the preview."""

    ON_HOLD = "on_hold"
    PAYABLE = "payable"
    IN_PAYOUT = "in_payout"
    DISPUTED = "disputed"
    OPEN_REFERRALS = "open_referrals"
    PROTECTED = "protected"
    RECURRING = "recurring"


@dataclass(frozen=True)
class MoneyLine:
    """One thing that a change of state touches: a count, or an amount in minor units; last_on: ISO day, or empty."""

    item: str
    count: int = 0
    amount_minor: int | None = None
    currency: str = ""
    last_on: str = ""


@dataclass(frozen=True)
class Effect:
    """A line in words: what, how much, and what becomes of it."""

    label: str
    amount: str
    fate: str


MoneyFiller = Callable[[UUID], list[MoneyLine]]
_fillers: list[MoneyFiller] = []


def fills_money_preview(filler: MoneyFiller) -> MoneyFiller:
    """Register a package that knows part of what a partner has under way; each answers with its own items."""
    if filler not in _fillers:
        _fillers.append(filler)
    return filler


def money_of(partner_id: UUID) -> list[MoneyLine]:
    """Return what a partner has under way now, in the order of Item."""
    order = list(Item)
    lines = [line for filler in _fillers for line in filler(partner_id)]
    return sorted(lines, key=lambda line: (order.index(Item(line.item)), line.currency))


def digest_of(lines: Sequence[MoneyLine]) -> str:
    """Return what tells two previews apart."""
    return hashlib.sha256(json.dumps([asdict(line) for line in lines]).encode()).hexdigest()


def snapshot_of(lines: Sequence[MoneyLine]) -> dict[str, Any]:
    """Return the lines as they are kept with a change."""
    return {"lines": [asdict(line) for line in lines]}


def kept_lines(snapshot: dict[str, Any]) -> list[MoneyLine]:
    """Return the lines of a kept snapshot."""
    return [MoneyLine(**line) for line in snapshot.get("lines", [])]


def item_words(item: str) -> str:
    """Return what an item is called, in the active language."""
    return str(_LABELS[Item(item)])


def effects_of(lines: Sequence[MoneyLine], state: str) -> list[Effect]:
    """Put lines into words for the state that a partner comes to, in the active language."""
    return [
        Effect(str(_LABELS[Item(line.item)]), _amount(line), _fate(line, PartnerState(state)))
        for line in lines
    ]


_LABELS: dict[Item, Any] = {
    Item.ON_HOLD: _("Earned, on hold"),
    Item.PAYABLE: _("Ready to be paid"),
    Item.IN_PAYOUT: _("In a payout under way"),
    Item.DISPUTED: _("In dispute"),
    Item.OPEN_REFERRALS: _("Open referrals"),
    Item.PROTECTED: _("Of these, protected"),
    Item.RECURRING: _("Customers that still earn"),
}

_FATES: dict[PartnerState, dict[Item, Any]] = {
    PartnerState.PAUSED: {
        Item.ON_HOLD: _("The holds run on. What is released stays owed and is paid once the partner is active again."),
        Item.PAYABLE: _("Stays owed. No payout run includes it until the partner is active again."),
        Item.IN_PAYOUT: _("Goes on: what is approved is paid."),
        Item.DISPUTED: _("Stays as it is until the dispute is decided."),
        Item.OPEN_REFERRALS: _("Stay with the partner and can still be won. New ones are refused."),
        Item.PROTECTED: _("Keep their protection to the end."),
        Item.RECURRING: _("Go on earning; it adds up until the partner is active again."),
    },
    PartnerState.ENDED: {
        Item.ON_HOLD: _("The holds run on. What is released is paid with the next payout run."),
        Item.PAYABLE: _("Is paid with the next payout run, also below the minimum. It needs valid payout details."),
        Item.IN_PAYOUT: _("Goes on: what is approved is paid."),
        Item.DISPUTED: _("Stays as it is until the dispute is decided."),
        Item.OPEN_REFERRALS: _("Stay with the partner; a win still earns what its plan says. New ones are refused."),
        Item.PROTECTED: _("Keep their protection to the end."),
        Item.RECURRING: _("Go on earning under the plan of their referral, as long as it pays."),
    },
    PartnerState.ACTIVE: {
        Item.ON_HOLD: _("The holds run on as before."),
        Item.PAYABLE: _("Is paid with the next payout run."),
        Item.IN_PAYOUT: _("Goes on: what is approved is paid."),
        Item.DISPUTED: _("Stays as it is until the dispute is decided."),
        Item.OPEN_REFERRALS: _("Go on. The partner can submit new ones again."),
        Item.PROTECTED: _("Keep their protection to the end."),
        Item.RECURRING: _("Go on earning under the plan of their referral."),
    },
}  # fmt: skip


def _amount(line: MoneyLine) -> str:
    if line.amount_minor is not None:
        return money_text(line.amount_minor, line.currency)
    if line.item == Item.RECURRING:
        words = ngettext("%(count)s customer", "%(count)s customers", line.count)
    else:
        words = ngettext("%(count)s referral", "%(count)s referrals", line.count)
    return words % {"count": line.count}


def _fate(line: MoneyLine, state: PartnerState) -> str:
    item = Item(line.item)
    words = str(_FATES[state][item])
    if item == Item.PAYABLE and line.amount_minor is not None and line.amount_minor < 0:
        return gettext(
            "Below zero after a reversed commission. It is set off against what is earned next."
        )
    if not line.last_on:
        return words
    day = day_text(date.fromisoformat(line.last_on), "medium")
    last = (
        gettext("The last hold ends on %(day)s.")
        if item == Item.ON_HOLD
        else gettext("The last day is %(day)s.")
    )
    return f"{words} {last % {'day': day}}"
