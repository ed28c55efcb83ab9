"""Amounts in templates."""

from django import template
from django.utils.safestring import SafeString

from prm.money import Money
from prm.web.formats import money_compact, money_plain, money_text
from prm.web.marks import NOTHING

register = template.Library()


@register.simple_tag
def money(
    amount: int | Money | None,
    currency: str = "",
    *,
    sign: str = "symbol",
    plus: bool = False,
    strong: bool = False,
) -> SafeString:
    """Show an amount: {% money row.amount_minor row.currency %} or {% money total %}; nothing becomes a dash.

    sign: "symbol", "code" (when a page mixes currencies with one sign) or "none". plus: + before what was added.
    """
    if amount is None or not (currency or isinstance(amount, Money)):
        return NOTHING
    minor, currency = _parts(amount, currency)
    text = money_text(minor, currency, sign=sign, plus=plus)
    return SafeString(f'<span class="money{" strong" if strong else ""}">{text}</span>')


@register.simple_tag
def money_words(amount: int | Money, currency: str = "", *, sign: str = "symbol") -> str:
    """Show an amount without markup, for titles, mails and attributes."""
    return money_text(*_parts(amount, currency), sign=sign)


@register.simple_tag
def money_short(amount: int, currency: str) -> str:
    """Show an amount in short, for tiles over a million and axes."""
    return money_compact(amount, currency)


@register.simple_tag
def money_value(amount: int | Money, currency: str = "") -> str:
    """Show an amount for machines and form fields: -310.00."""
    return money_plain(*_parts(amount, currency))


def _parts(amount: int | Money, currency: str) -> tuple[int, str]:
    return (amount.minor, amount.currency) if isinstance(amount, Money) else (amount, currency)
