"""Show the math: every step from an event to the amount of one reward, from the inputs that were stored with it."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils.translation import gettext

from commissions.accruals.models import Accrual
from commissions.earnings.lines import Line
from commissions.overrides.selectors import override_at
from commissions.overrides.wording import override_words, span_words
from commissions.plans.amounts import base_of, parts_in
from commissions.plans.models import PlanVersion
from commissions.plans.rules import reproduced_minor
from commissions.plans.shapes import Math, Trace
from commissions.plans.wording import first_paid_words, hold_words, rule_of, rule_words
from commissions.plans.wording_terms import cap_words, condition_words
from partners.agreements.models import Acceptance
from prm.money import currency_exponent
from prm.web.formats import day_text, money_text, number_text, percent_text
from referrals.pipeline.models import Referral

Steps = Iterator[tuple[str, Any]]


@dataclass(frozen=True)
class Clause:
    """Where the partner agreed to it: a signed agreement, and the heading under which it names the commission."""

    acceptance_id: UUID
    words: str


def math_of(line: Line) -> list[tuple[str, Any]]:
    """Return every step from the event to the amount, as terms and values in the reader's language."""
    return [*_rule(line), *_inputs(line.trace), *_amount(line)]


def _rule(line: Line) -> Steps:
    trace = line.trace
    yield gettext("Rule"), rule_words(rule_of(trace), line.currency)
    yield (
        gettext("Plan version"),
        gettext("Version %(number)s, in force when the referral was registered")
        % {"number": trace.version_number},
    )
    if exception := _exception(line.accrual):
        yield gettext("Exception"), exception


def _inputs(trace: Trace) -> Steps:
    """Yield what the event was, as far as money depends on it."""
    math, currency = trace.math or Math(), trace.currency
    base = gettext("Deal value") if trace.trigger == "won" else gettext("Payment")
    if trace.reward == "percent" or math.bands:
        yield base, money_text(math.gross_minor or trace.base_minor, currency)
    if math.tax_minor:
        yield gettext("Tax taken out"), money_text(-math.tax_minor, currency)
    if math.discount_minor:
        yield gettext("Discount taken out"), money_text(-math.discount_minor, currency)
    if math.received_minor is not None:
        words = gettext("%(now)s of %(whole)s, after %(before)s before")
        yield (
            gettext("Came in"),
            words
            % {
                "now": money_text(math.received_minor, currency),
                "whole": money_text(math.gross_minor, currency),
                "before": money_text(math.received_before_minor, currency),
            },
        )
    if trace.payment_no:
        yield gettext("Payment number"), number_text(trace.payment_no)
    if first := first_paid_words(trace):
        yield gettext("Months count from"), first
    if math.met:
        met = [condition_words(row, currency) for row in math.met]
        yield gettext("Conditions that held"), ", ".join(met)
    yield from _counted(math, currency)


def _counted(math: Math, currency: str) -> Steps:
    """Yield what earlier events came to, as far as bands and bonuses count it."""
    if math.bands:
        counts = math.bands.measure == "count"
        before = number_text(math.measured) if counts else money_text(math.measured, currency)
        yield gettext("Counted before it"), before
    if math.bonus:
        sums = math.bonus.kind == "threshold" and math.bonus.measure != "count"
        counted = money_text(math.counted, currency) if sums else number_text(math.counted)
        yield gettext("Counted with it"), counted


def _amount(line: Line) -> Steps:
    trace, currency = line.trace, line.currency
    math = trace.math or Math()
    exact = _exact(trace)
    yield from _rates(trace)
    if exact is not None and exact != exact.to_integral_value():
        major = exact.scaleb(-currency_exponent(currency)).normalize()
        yield gettext("Before rounding"), number_exact(major)
    yield gettext("Rounding"), gettext("Once, to the smallest unit, halves to the even one")
    if math.deducted_minor:
        yield gettext("Earned by qualifying, taken off"), money_text(-math.deducted_minor, currency)
    for use in math.caps:
        yield (
            gettext("Cap"),
            gettext("%(cap)s; %(used)s used before")
            % {
                "cap": cap_words(use.cap, currency),
                "used": money_text(use.used_minor, currency),
            },
        )
    yield (
        gettext("Conversion"),
        gettext("None: event, plan and reward are in %(currency)s") % {"currency": currency},
    )
    if trace.own_share:
        yield gettext("Whole reward"), money_text(trace.whole_minor, currency)
        _role, share, pool = trace.own_share
        yield gettext("Your part"), percent_text(Decimal(share) * pool / 100_000_000, digits=4)
    yield gettext("Earned"), money_text(line.accrual.amount_minor, currency)
    if line.accrual.clawed_minor:
        yield gettext("Taken back"), money_text(-line.accrual.clawed_minor, currency)
        yield gettext("Left"), money_text(line.amount_minor, currency)
    yield gettext("Hold"), hold_words(trace.hold_days)
    again = reproduced_minor(trace)
    yield (
        gettext("Computed again"),
        gettext("%(amount)s, from what is stored here") % {"amount": money_text(again, currency)},
    )


def _rates(trace: Trace) -> Steps:
    """Yield what was multiplied with what."""
    math, currency = trace.math or Math(), trace.currency
    if math.bands:
        counts = math.bands.measure == "count"
        base = base_of(math)
        for part in parts_in(math.bands, before=math.measured, own=1 if counts else base):
            if part.amount_minor is not None:
                yield gettext("Band"), money_text(part.amount_minor, currency)
                continue
            rate = part.rate if part.rate is not None else Decimal(trace.rate or 0)
            words = gettext("%(rate)s of %(base)s") % {
                "rate": percent_text(rate, digits=4),
                "base": money_text(base if counts else part.size, currency),
            }
            yield gettext("Band"), words
    elif trace.reward == "percent":
        if math.gross_minor and base_of(math) != math.gross_minor:
            yield gettext("Base"), money_text(base_of(math), currency)
        yield gettext("Rate"), percent_text(Decimal(trace.rate), digits=4)
    elif math.fixed_minor is not None:
        yield gettext("Fixed amount"), money_text(math.fixed_minor, currency)


def _exact(trace: Trace) -> Decimal | None:
    """Return a percentage before its rounding, in minor units; None of fixed amounts and bands."""
    if trace.reward != "percent" or (trace.math and trace.math.bands):
        return None
    base = base_of(trace.math) if trace.math and trace.math.gross_minor else trace.base_minor
    return Decimal(base) * Decimal(trace.rate)


def _exception(accrual: Accrual) -> str:
    """Return the exception that priced the referral, empty without one."""
    registered = (
        Referral.objects.filter(id=accrual.referral_id)
        .values_list("registered_at", flat=True)
        .first()
    )
    program_id = PlanVersion.objects.values_list("program_id", flat=True).get(id=accrual.version_id)
    own = registered and override_at(accrual.partner_id, program_id, registered)
    return f"{override_words(own)}. {span_words(own)}" if own else ""


def clause_of(accrual: Accrual) -> Clause | None:
    """Return the agreement that the partner had signed when the reward was earned; None when it signed none."""
    program_id = PlanVersion.objects.values_list("program_id", flat=True).get(id=accrual.version_id)
    signed = (
        Acceptance.objects.filter(
            partner_id=accrual.partner_id,
            program_id=program_id,
            accepted_at__lte=accrual.earned_at,
        )
        .select_related("version")
        .order_by("-accepted_at")
        .first()
    )
    if signed is None:
        return None
    values = {
        "number": signed.version.number,
        "heading": heading_of(signed.text, signed.terms.get("rules", [])),
        "person": signed.signer_name,
        "day": day_text(signed.accepted_at),
    }
    words = (
        gettext("Agreement version %(number)s, “%(heading)s”, signed by %(person)s on %(day)s")
        if values["heading"]
        else gettext("Agreement version %(number)s, signed by %(person)s on %(day)s")
    )
    return Clause(signed.id, words % values)


def heading_of(text: str, rules: list[str]) -> str:
    """Return the markdown heading above the first paragraph that names one of the rules; empty when none does."""
    heading = ""
    for row in text.splitlines():
        if row.startswith("#"):
            heading = row.lstrip("#").strip()
        elif any(rule and rule in row for rule in rules):
            return heading
    return ""


def number_exact(value: Decimal) -> str:
    """Return a decimal with every digit it has."""
    whole, _, part = f"{value:f}".partition(".")
    point = number_text(Decimal("0.5"))[1]
    return number_text(int(whole)) + (point + part if part else "")
