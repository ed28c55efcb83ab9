"""Amounts in templates."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from prm.money import Money
from prm.web.formats import money_compact, money_plain, money_text

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
    if isinstance(amount, Money):
        amount, currency = amount.minor, amount.currency
    if amount is None or not currency:
        return format_html('<span class="faint">{}</span>', "–")
    text = money_text(amount, currency, sign=sign, plus=plus)
    return SafeString(f'<span class="money{" strong" if strong else ""}">{text}</span>')


@register.simple_tag
def money_words(amount: int | Money, currency: str = "", *, sign: str = "symbol") -> str:
    """Show an amount without markup, for titles, mails and attributes."""
    if isinstance(amount, Money):
        amount, currency = amount.minor, amount.currency
    return money_text(amount, currency, sign=sign)


@register.simple_tag
def money_short(amount: int, currency: str) -> str:
    """Show an amount in short, for tiles over a million and axes."""
    return money_compact(amount, currency)


@register.simple_tag
def money_value(amount: int | Money, currency: str = "") -> str:
    """Show an amount for machines and form fields: -310.00."""
    if isinstance(amount, Money):
        amount, currency = amount.minor, amount.currency
    return money_plain(amount, currency)
