"""What the pages of rewards show, gathered for their templates."""

from collections.abc import Sequence
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from commissions.gifts.models import AwardState, Gift, GiftAward, GiftKind
from commissions.gifts.selectors import CostLine, Stock
from commissions.gifts.wording import TONES, kind_text, state_text, waits_for_code
from prm.web.formats import day_text, money_text, number_text
from prm.web.parts import Stat, Tab


def gift_tabs(current: str) -> list[Tab]:
    """Return the pages about rewards; what waits to be sent, or for codes, is counted."""
    waiting = GiftAward.objects.filter(state=AwardState.WAITING).count()
    pages = (
        ("awards", _("Given"), "gift-award-list"),
        ("catalogue", _("Catalogue"), "gift-list"),
        ("instead", _("Instead of money"), "exchange-list"),
        ("costs", _("Costs"), "gift-costs"),
    )
    return [
        Tab(
            label,
            reverse(f"commissions:{name}"),
            current=key == current,
            count=waiting if key == "awards" and waiting else None,
            hot=key == "awards" and waiting > 0,
        )
        for key, label, name in pages
    ]


def award_facts(award: GiftAward) -> list[tuple[str, Any]]:
    """Return what staff read of an award."""
    facts: list[tuple[str, Any]] = [
        (_("What it is"), kind_text(award.kind)),
        (_("For"), award.person.name if award.person else ""),
        (_("What it is worth"), award.worth),
        (_("What for"), award.reason),
        (_("Cost"), money_text(award.cost_minor, award.currency)),
        (_("Given"), day_text(award.awarded_on)),
        (
            _("Given by"),
            award.awarded_by or (_("The contest") if award.is_prize else _("The plan")),
        ),
        (_("How it comes, or why it did not"), award.tracking),
    ]
    if award.attempt > 1:
        facts.append((_("Deliveries"), number_text(award.attempt)))
    if award.shown_at:
        facts.append((_("Code first looked at"), day_text(award.shown_at)))
    return [(term, value) for term, value in facts if value]


def gift_facts(gift: Gift) -> list[tuple[str, Any]]:
    """Return what staff read of a gift."""
    facts: list[tuple[str, Any]] = [
        (_("Program"), gift.program.name),
        (_("What it is"), kind_text(gift.kind)),
        (_("What it is worth"), gift.worth),
        (_("Cost of one"), money_text(gift.cost_minor, gift.currency)),
        (_("First day"), day_text(gift.starts_on)),
        (_("Last day"), day_text(gift.ends_on) if gift.ends_on else ""),
    ]
    return [(term, value) for term, value in facts if value]


def stock_stats(stock: Stock) -> list[Stat]:
    """Return the tiles of a gift's codes."""
    return [
        Stat(_("Codes left"), number_text(stock.free)),
        Stat(_("Handed out"), number_text(stock.used)),
        Stat(_("Rewards that wait"), number_text(stock.waiting)),
    ]


def cost_totals(lines: Sequence[CostLine]) -> list[Stat]:
    """Return a tile per currency: the cost of all lines in it."""
    sums: dict[str, tuple[int, int]] = {}
    for line in lines:
        cost, count = sums.get(line.currency, (0, 0))
        sums[line.currency] = cost + line.cost_minor, count + line.count
    return [
        Stat(
            _("Cost in %(currency)s") % {"currency": currency},
            money_text(cost, currency),
            _("Rewards given: %(n)s") % {"n": number_text(count)},
        )
        for currency, (cost, count) in sorted(sums.items())
    ]


def kind_stats(counts: dict[str, int]) -> list[Stat]:
    """Return a tile per kind that a partner got."""
    return [
        Stat(kind.label, number_text(counts[kind.value]))
        for kind in GiftKind
        if counts.get(kind.value)
    ]


def own_rows(awards: Sequence[GiftAward]) -> list[dict[str, Any]]:
    """Return awards as the partner reads them, with what it may do."""
    return [
        {
            "award": award,
            "kind": kind_text(award.kind),
            "label": _("Your code follows") if waits_for_code(award) else state_text(award),
            "tone": TONES[award.state],
            "has_code": award.is_coded and award.state in {AwardState.SENT, AwardState.RECEIVED},
            "may_confirm": not award.is_coded and award.state == AwardState.SENT,
        }
        for award in awards
    ]
