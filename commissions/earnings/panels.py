"""What referrals' pages show of money: what was earned, what would be, and the program's terms."""

from dataclasses import dataclass, replace
from decimal import Decimal

from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext

from commissions.accruals.models import Accrual, Release
from commissions.earnings.lines import lines_for
from commissions.overrides.selectors import override_at, version_for
from commissions.overrides.wording import override_words, span_words
from commissions.plans.rules import AccrualDraft, Facts, Rule, Trace, Version, drafts_for
from commissions.plans.selectors import terms_in_force
from commissions.plans.wording import explain, hold_words, reward_name, rule_words, term_lines
from partners.programs.models import Program
from prm.accounts.capabilities import Capability
from prm.accounts.members import Member
from prm.events.models import HandledEvent, QueuedEvent
from prm.money import Money
from prm.web.formats import day_text, money_text, percent_text
from referrals.pipeline.models import CLOSED_KINDS, Referral, StageKind
from referrals.pipeline.panels import MoneyLine, Panel, fills
from referrals.revenue.models import RevenueEvent

SHOWN = 20
# What may earn, and which handler prices it (commissions.accruals.handlers).
PRICED_BY = {
    "referral.won": "accruals.accrue_won",
    "revenue.recorded": "accruals.accrue_revenue",
}


@dataclass(frozen=True)
class Estimate:
    """What a referral would still earn: an amount where one can be computed, else only the rule."""

    name: str
    trigger: str
    rule: str
    amount_minor: int | None
    currency: str
    hold: str


@fills("referral.earnings")
def earnings_panel(referral: Referral, member: Member) -> Panel | None:
    """Show what the referral earned line by line, and what it would earn if it goes on.

    Who may see money gets each line with its state and its page. A manager gets the amounts alone: they follow from
    plan and deal, which managers see. A rep without sight of earnings learns that a reward was earned, not how much.
    """
    accruals = Accrual.objects.visible_to(member).filter(referral_id=referral.id)
    lines = lines_for(
        list(accruals.order_by("-earned_at", "-id")[:SHOWN]),
        now=timezone.now(),
        staff=member.is_staff,
    )
    may_see = (
        member.may(Capability.SEE_MONEY) if member.is_staff else member.may(Capability.SEE_EARNINGS)
    )
    earned = [] if may_see else _earned_by(referral, member)
    estimates = estimates_of(
        referral, {line.trace.rule_id for line in lines} | {row.trace.rule_id for row in earned}
    )
    working = is_being_priced(referral)
    if not lines and not estimates and not earned and not working:
        return None
    context = {
        "lines": lines,
        "earned": earned,
        "estimates": estimates,
        "working": working,
        "referral": referral,
        "exception": exception_of(referral, member),
        "staff": member.is_staff,
    }
    return Panel("commissions/earnings/panel.html", context)


def exception_of(referral: Referral, member: Member) -> tuple[str, str] | None:
    """Return the exception that prices the referral: what it says and for when; only to its partner and to staff."""
    if not member.is_staff and referral.partner_id != member.partner_id:
        return None
    own = override_at(referral.partner_id, referral.program_id, referral.registered_at)
    return (override_words(own), span_words(own)) if own else None


def is_being_priced(referral: Referral) -> bool:
    """Tell whether something that may earn happened to the referral and the worker has not priced it yet.

    Only of won referrals; what the worker gave up on is not waited for.
    """
    if referral.stage_kind != StageKind.WON:
        return False
    waiting = QueuedEvent.objects.filter(
        stuck_at=None,
        event__name__in=PRICED_BY,
        event__payload__referral_id=str(referral.id),
    )
    done = HandledEvent.objects.filter(
        event_id=OuterRef("event_id"), handler__in=PRICED_BY.values()
    )
    return waiting.filter(~Exists(done)).exists()


@dataclass(frozen=True)
class Earned:
    """A reward of which this person may know that it was earned, and perhaps what is left of it, in minor units."""

    name: str
    text: str
    trace: Trace
    amount_minor: int | None
    reversed: bool


def _earned_by(referral: Referral, member: Member) -> list[Earned]:
    if not member.is_staff and referral.partner_id != member.partner_id:
        return []
    rows = Accrual.objects.filter(referral_id=referral.id)
    if not member.is_staff:
        # What rewards a colleague is between the colleague and the partner's admin.
        rows = rows.filter(Q(payee=None) | Q(payee_id=member.user_id))
    return [
        _earned(
            row,
            Trace.from_json(row.trace),
            whole=member.is_staff or row.payee_id == member.user_id,
        )
        for row in rows.order_by("-earned_at", "-id")[:SHOWN]
    ]


def _earned(row: Accrual, trace: Trace, *, whole: bool) -> Earned:
    words = {"earned_on": day_text(row.earned_on), "how": explain(trace)}
    text = (
        gettext("%(how)s. Earned on %(earned_on)s.")
        if whole
        else gettext(
            "Earned for your company on %(earned_on)s. Your partner admin sees the amount."
        )
    )
    return Earned(
        reward_name(trace),
        text % words,
        trace,
        row.amount_minor - row.clawed_minor if whole else None,
        row.clawed_minor == row.amount_minor,
    )


@fills("program.terms")
def terms_panel(program: Program, member: Member) -> Panel | None:
    """Show what the program pays for a referral registered now."""
    now = timezone.now()
    version = (
        version_for(member.partner_id, program.id, now)
        if member.partner_id
        else terms_in_force(program.id, now)
    )
    if version is None:
        return None
    return Panel(
        "commissions/plans/terms.html",
        {"terms": term_facts(version), "notes": term_lines(version)[len(version.rules) :]},
    )


@dataclass(frozen=True)
class TakenBack:
    """What a full refund of a payment takes back of one reward on it."""

    partner: str
    reward: str
    amount_minor: int
    currency: str
    on_hold: bool


@fills("revenue.refund")
def refund_panel(payment: RevenueEvent, member: Member) -> Panel | None:
    """Show which commissions a refund of all that is left of a payment takes back."""
    if not member.may(Capability.SEE_MONEY):
        return None
    accruals = list(
        Accrual.objects.filter(revenue_event_id=payment.id, clawed_minor__lt=F("amount_minor"))
        .select_related("partner")
        .order_by("id")
    )
    released = set(
        Release.objects.filter(accrual_id__in=[row.id for row in accruals]).values_list(
            "accrual_id", flat=True
        )
    )
    lines = [
        TakenBack(
            partner=row.partner.name,
            reward=reward_name(Trace.from_json(row.trace)),
            amount_minor=row.amount_minor - row.clawed_minor,
            currency=row.currency,
            on_hold=row.id not in released,
        )
        for row in accruals
    ]
    return Panel("commissions/earnings/of_refund.html", {"lines": lines})


@fills("referral.milestone")
def milestone_lines(referral: Referral) -> list[MoneyLine]:
    """Return what the milestone mail says of money: earned so far, and what a win would add."""
    rows = Accrual.objects.filter(referral_id=referral.id).values_list(
        "amount_minor", "clawed_minor"
    )
    earned = sum(amount - clawed for amount, clawed in rows)
    found = [MoneyLine(gettext("Earned so far"), earned, referral.currency)] if earned else []
    found += [
        MoneyLine(
            (
                gettext("If they qualify: %(rule)s")
                if row.trigger == "qualified"
                else gettext("If they sign: %(rule)s")
            )
            % {"rule": row.rule},
            row.amount_minor,
            row.currency,
        )
        for row in estimates_of(referral, set())
        if row.amount_minor and referral.stage_kind not in CLOSED_KINDS
    ]
    return found


def estimates_of(referral: Referral, earned_rules: set[int]) -> list[Estimate]:
    """Return what the pinned plan would still pay for an open or won referral, rule by rule."""
    over = referral.stage_kind in CLOSED_KINDS and referral.stage_kind != StageKind.WON
    if over or referral.declined_at:
        return []
    version = version_for(referral.partner_id, referral.program_id, referral.registered_at)
    if version is None:
        return []
    drafts = (
        {draft.rule_id: draft for draft in _if_won(referral, version)}
        if referral.deal_minor
        else {}
    )
    passed = referral.stage_kind in {StageKind.OPPORTUNITY, StageKind.WON}
    found = []
    for rule in version.rules:
        over = rule.trigger == "qualified" and passed
        over |= referral.stage_kind == StageKind.WON and (
            rule.trigger == "won" or rule.scope == "first"
        )
        if rule.id in earned_rules or over:
            continue
        draft = drafts.get(rule.id)
        # Of a bonus or a condition nobody knows yet whether it will hold.
        fixed = rule.amount_minor if rule.reward == "fixed" and rule.is_plain else None
        amount = draft.amount.minor if draft and referral.stage_kind != StageKind.WON else fixed
        found.append(
            Estimate(
                reward_name(rule),
                rule.trigger,
                _rule_named(rule, version),
                amount,
                version.currency,
                hold_words(version.hold_days),
            )
        )
    return found


def _if_won(referral: Referral, version: Version) -> list[AccrualDraft]:
    """Return what the referral's deal would earn as its first payment."""
    if not referral.deal_minor or referral.currency != version.currency:
        return []
    deal, day = Money(referral.deal_minor, referral.currency), timezone.localdate()
    won = Facts("won", deal, day, referral=str(referral.id), deal_minor=deal.minor)
    paid = replace(won, trigger="revenue", payment_no=1, first_paid_on=day, kind="sale")
    return [*drafts_for(won, version), *drafts_for(paid, version)]


def _rule_named(rule: Rule, version: Version) -> str:
    return gettext("%(rule)s, plan v%(version)s") % {
        "rule": rule_words(rule, version.currency),
        "version": version.number,
    }


def term_facts(version: Version) -> list[tuple[str, str, str]]:
    """Return the terms as facts: when, how much, of what."""
    when = {
        "qualified": gettext("Qualified"),
        "won": gettext("Won"),
        "revenue": gettext("Payments"),
    }
    facts = []
    for rule in version.rules:
        amount = (
            money_text(rule.amount_minor or 0, version.currency)
            if rule.reward == "fixed"
            else percent_text(rule.rate or Decimal(0), digits=4)
        )
        facts.append((when[rule.trigger], amount, rule_words(rule, version.currency)))
    return facts
