"""Exchanges and choices in words."""

from decimal import Decimal

from django.utils.translation import gettext

from commissions.choices.models import RewardChoice, Taken
from commissions.choices.rules import worth_minor
from prm.money import currency_exponent
from prm.web.formats import money_text


def example_text(rate: Decimal, currency: str) -> str:
    """Return an exchange by its example: "€100.00 of commission become €110.00"."""
    hundred = 100 * 10 ** currency_exponent(currency)
    return gettext("%(money)s of commission become %(worth)s") % {
        "money": money_text(hundred, currency),
        "worth": money_text(worth_minor(hundred, rate), currency),
    }


def choice_text(choice: RewardChoice | None, currency: str) -> str:
    """Return what is taken, with its exchange; money without a choice."""
    if choice is None or choice.rate is None:
        return str(Taken.CASH.label)
    return f"{choice.get_kind_display()}: {example_text(choice.rate, currency)}"
