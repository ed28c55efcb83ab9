"""Rewards as people read them: what for, how computed, where the money stands and what it waits for."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Subquery
from django.utils.translation import gettext, gettext_lazy

from commissions.accruals.models import PAID_BY, Accrual, Release
from commissions.ledger.selectors import is_booked
from commissions.payouts.models import Payout, PayoutLine, PayoutState
from commissions.payouts.returns import followed
from commissions.plans.rules import Trace
from commissions.plans.wording import calculation, explain
from commissions.statements.lines import reward_for
from commissions.statements.models import Dispute, DisputeEffect, DisputeState
from prm.web.formats import day_text, money_text
from referrals.attribution.models import Credit
from referrals.pipeline.models import Referral

DISPUTED, REVIEW, DECLINED, HOLD, READY, IN_PAYOUT, PAID, RETURNED, REVERSED, IN_KIND = (
    "disputed",
    "review",
    "declined",
    "hold",
    "ready",
    "in_payout",
    "paid",
    "returned",
    "reversed",
    "in_kind",
)
LABELS = {
    DISPUTED: gettext_lazy("Disputed"),
    REVIEW: gettext_lazy("Under review"),
    DECLINED: gettext_lazy("Declined"),
    HOLD: gettext_lazy("On hold"),
    READY: gettext_lazy("Ready"),
    IN_PAYOUT: gettext_lazy("In payout"),
    PAID: gettext_lazy("Paid"),
    RETURNED: gettext_lazy("Payment returned"),
    REVERSED: gettext_lazy("Reversed"),
    IN_KIND: gettext_lazy("Not in money"),
}
TONES = {
    DISPUTED: "warn",
    REVIEW: "warn",
    DECLINED: "bad",
    HOLD: "",
    READY: "info",
    IN_PAYOUT: "info",
    PAID: "ok",
    RETURNED: "warn",
    REVERSED: "bad",
    IN_KIND: "ok",
}
ICONS = {
    DISPUTED: "clock",
    REVIEW: "clock",
    DECLINED: "x",
    HOLD: "clock",
    READY: "check",
    IN_PAYOUT: "bank",
    PAID: "done",
    RETURNED: "swap",
    REVERSED: "minus",
    IN_KIND: "swap",
}


def when_words(state: str, payout: Payout | None, ready_on: date) -> str:
    """Return the day of a list's cell: when money in a state is ready, or was or will be paid."""
    if state == PAID and payout and payout.settled_at:
        return day_text(payout.settled_at, "medium")
    if state == IN_PAYOUT and payout:
        return day_text(payout.run.pay_on, "medium")
    if state == HOLD:
        return day_text(ready_on, "medium")
    return gettext("Next payout") if state in {READY, RETURNED} else ""


def state_in(payout: Payout) -> str:
    """Return where the money of a payment stands that its partner knows of."""
    return {PayoutState.SETTLED: PAID, PayoutState.RETURNED: RETURNED}.get(
        PayoutState(payout.state), IN_PAYOUT
    )


class InState:
    """What stands in one of the states of money, and wears its badge."""

    state: str

    @property
    def label(self) -> str:
        """The state in a word or two."""
        return str(LABELS[self.state])

    @property
    def tone(self) -> str:
        """The badge's tone."""
        return TONES[self.state]

    @property
    def icon(self) -> str:
        """The badge's icon."""
        return ICONS[self.state]


@dataclass(frozen=True)
class Line(InState):
    """One reward with everything a list or a page says about it; amounts in minor units of `currency`."""

    accrual: Accrual
    trace: Trace
    company: str
    referral_id: UUID | None
    partner_name: str
    state: str
    ready_on: date
    payout: Payout | None
    # The partner's person it is for; empty when it is the partner's.
    payee_name: str = ""

    @property
    def id(self) -> int:
        """The accrual's id."""
        return self.accrual.id

    @property
    def currency(self) -> str:
        """The currency of every amount here."""
        return self.accrual.currency

    @property
    def earned_on(self) -> date:
        """The day of the event in the tenant's zone."""
        return self.accrual.earned_on

    @property
    def amount_minor(self) -> int:
        """What is left of the reward."""
        return self.accrual.amount_minor - self.accrual.clawed_minor

    @property
    def name(self) -> str:
        """What kind of reward it is, and for which of the partner's people."""
        return reward_for(self.trace, self.payee_name)

    @property
    def calculation(self) -> str:
        """The short calculation, with what was taken back of it."""
        words = calculation(self.trace)
        if not self.accrual.clawed_minor or self.state == REVERSED:
            return words
        taken = money_text(self.accrual.clawed_minor, self.currency)
        return gettext("%(calculation)s, %(amount)s taken back") % {
            "calculation": words,
            "amount": taken,
        }

    @property
    def explanation(self) -> str:
        """The calculation as a whole."""
        return explain(self.trace)

    @property
    def label(self) -> str:
        """The state in a word or two; a line that was computed anew says that."""
        return gettext("Computed anew") if self.accrual.replaced_at else super().label

    @property
    def when(self) -> str:
        """The day of a list's cell: when it is ready, or was or will be paid."""
        return when_words(self.state, self.payout, self.ready_on)

    @property
    def sentence(self) -> str:
        """Where the money stands, when it comes, and what it waits for."""
        if self.accrual.replaced_at:
            return gettext(
                "Computed anew, because what came before it changed. A newer line counts."
            )
        values = {"day": day_text(self.ready_on)}
        if self.payout:
            values["number"] = self.payout.number
            values["day"] = day_text(self.payout.settled_at or self.payout.run.pay_on)
        return {
            REVIEW: gettext(
                "Under review: a person looks at the referral. Nothing is cancelled; it is paid after the review."
            ),
            DECLINED: gettext("Declined after a review. Nothing of it is paid."),
            HOLD: gettext("On hold until %(day)s. After that it goes out with the next payout."),
            READY: gettext("Ready. It goes out with the next payout."),
            IN_PAYOUT: gettext("In payout %(number)s, to be paid on %(day)s."),
            PAID: gettext("Paid with payout %(number)s on %(day)s."),
            RETURNED: gettext(
                "The bank sent the payment back. It is ready to go out again with a later payout."
            ),
            IN_KIND: gettext(
                "Taken as a reward that is not money, delivered after the end of the month."
            ),
            REVERSED: gettext(
                "Taken back in full after it was paid. The next payouts are less by it."
            )
            if self.payout and self.payout.settled_at
            else gettext("Taken back in full. Nothing of it is paid."),
        }[self.state] % values


def lines_for(
    accruals: Sequence[Accrual], *, now: datetime, staff: bool, partners: bool = False
) -> list[Line]:
    """Return the accruals as lines, in their order; two statements whatever their number.

    staff: a payment that still waits for its second person counts as in payout; its partner does not see that yet.
    partners: whether lines name their partner.
    """
    around = _around([accrual.id for accrual in accruals])
    payouts = known_payouts(
        {facts["payout"] for facts in around.values() if facts["payout"]}, staff=staff
    )
    lines = []
    for accrual in accruals:
        facts = around[accrual.id]
        payout = payouts.get(facts["payout"])
        trace = Trace.from_json(accrual.trace)
        lines.append(
            Line(
                accrual=accrual,
                trace=trace,
                company=facts["company"] or facts["credited"] or gettext("Removed referral"),
                referral_id=accrual.referral_id if facts["company"] is not None else None,
                partner_name=facts["partner__name"] if partners else "",
                state=_state(accrual, payout, now, facts),
                ready_on=accrual.earned_on + timedelta(days=trace.hold_days),
                payout=payout,
                payee_name=facts["payee__name"] or "",
            ),
        )
    return lines


def _around(ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Return what stands around each accrual: referral, partner, release, and the payment that claims it."""
    referral = Referral.objects.filter(id=OuterRef("referral_id"))
    release = Release.objects.filter(accrual_id=OuterRef("id"))
    claim = PayoutLine.objects.filter(transfer_id=OuterRef("released_by"), released_at=None)
    rows = Accrual.objects.filter(id__in=ids).annotate(
        company=Subquery(referral.values("company")[:1]),
        # Of a share in somebody else's referral its partner knows the company's name, and that it waits.
        credited=Subquery(
            Credit.objects.filter(
                referral_id=OuterRef("referral_id"), partner_id=OuterRef("partner_id")
            )
            .order_by("-number")
            .values("company")[:1]
        ),
        held=Exists(referral.filter(held_at__isnull=False)),
        declined=Exists(referral.filter(declined_at__isnull=False)),
        disputed=Exists(
            Dispute.objects.filter(accrual_id=OuterRef("id"), state=DisputeState.OPEN).exclude(
                effect=DisputeEffect.PAID
            )
        ),
        released=Exists(release),
        taken=is_booked("in_kind"),
        released_by=Subquery(release.values(paid_by=PAID_BY)[:1]),
        payout=Subquery(claim.values("payout_id")[:1]),
    )
    return {
        row["id"]: {**row}
        for row in rows.values(
            "id",
            "company",
            "credited",
            "held",
            "declined",
            "partner__name",
            "payee__name",
            "disputed",
            "released",
            "taken",
            "payout",
        )
    }


def _state(accrual: Accrual, payout: Payout | None, now: datetime, facts: Mapping[str, Any]) -> str:
    """Return where the money of a line stands. facts: what stands around it, as _around gives it."""
    if accrual.clawed_minor == accrual.amount_minor:
        return REVERSED
    if facts["disputed"]:
        return DISPUTED
    if facts["held"] and not facts["released"]:
        return DECLINED if facts["declined"] else REVIEW
    if facts["taken"]:
        return IN_KIND
    if payout is not None:
        return state_in(payout)
    return READY if facts["released"] or accrual.payable_at <= now else HOLD


def known_payouts(ids: Collection[UUID], *, staff: bool) -> dict[UUID, Payout]:
    """Return the payments that the reader may know of, by id; one that was paid again stands for the later one."""
    if not ids:
        return {}
    hidden = {PayoutState.CANCELLED} if staff else {PayoutState.CANCELLED, PayoutState.PREPARED}
    payouts = Payout.objects.exclude(state__in=hidden).select_related("run")
    shown = {row.id: row for row in payouts.filter(id__in=ids)}
    # What came back and was paid again stands where the later payment stands.
    if later := followed(list(shown.values())):
        again = {row.id: row for row in payouts.filter(id__in=later.values())}
        shown |= {id_: again[later_id] for id_, later_id in later.items() if later_id in again}
    return shown
