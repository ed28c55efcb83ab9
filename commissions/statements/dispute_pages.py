"""What pages say of disputes: states and effects in words, the lines of a statement, facts, figures of the queue."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext, ngettext

from commissions.statements.disputing import effect_of
from commissions.statements.models import (
    Dispute,
    DisputeEffect,
    DisputeState,
    Statement,
    StatementLine,
)
from commissions.statements.papers import title_of, what_for, what_for_adjustment
from commissions.statements.rules import DISPUTABLE, answer_days, disputes_end
from prm.web.formats import day_text, moment_text, money_text, number_text
from prm.web.parts import Stat, Tab

TONES = {
    DisputeState.OPEN: "warn",
    DisputeState.ACCEPTED: "ok",
    DisputeState.REFUSED: "",
    DisputeState.WITHDRAWN: "",
}
# Response times are those of the newest answers.
MEASURED = 200


def state_words(state: str) -> str:
    """Return a dispute's state in a word or two."""
    return {
        DisputeState.OPEN: gettext("Disputed"),
        DisputeState.ACCEPTED: gettext("Corrected"),
        DisputeState.REFUSED: gettext("Line stands"),
        DisputeState.WITHDRAWN: gettext("Taken back"),
    }[DisputeState(state)]


def effect_words(dispute: Dispute) -> str:
    """Return what happens to the line's money while the dispute is open, and what happened to it since."""
    amount = money_text(dispute.frozen_minor, dispute.currency)
    if dispute.state != DisputeState.OPEN:
        return (
            gettext("%(amount)s can be paid again.") % {"amount": amount}
            if dispute.frozen_minor
            else ""
        )
    effect = effect_of(dispute)
    if effect == DisputeEffect.FROZEN and not dispute.effect:
        return gettext("It is being taken out of the next payout.")
    return {
        DisputeEffect.FROZEN: gettext("%(amount)s waits for the answer; everything else is paid.")
        % {"amount": amount},
        DisputeEffect.ON_HOLD: gettext(
            "It stays on hold until the answer; everything else is paid."
        ),
        DisputeEffect.PAID: gettext("It is paid already; a correction comes with the next payout."),
        DisputeEffect.NOTHING: gettext("Nothing waits; a correction comes with the next payout."),
    }[effect]


def obstacle_words(why: str) -> str:
    """Return why a line cannot be disputed."""
    return {
        "section": gettext("Payments are not disputed here. Ask the vendor about them."),
        "before": gettext("This line was disputed before; the answer stands."),
        "late": gettext("Lines can be disputed for 30 days after the statement is issued."),
        "under_way": gettext(
            "This line is in a payment under way. You can dispute it when the payment has arrived or was returned."
        ),
    }[why]


@dataclass(frozen=True)
class LineRow:
    """One line of a statement with its dispute, for a list."""

    id: int
    title: str
    below: str
    booked_on: Any
    amount_minor: int
    currency: str
    dispute: Dispute | None
    may_dispute: bool


def line_rows(
    statement: Statement, lines: Sequence[StatementLine], *, is_partner: bool, at: datetime
) -> list[LineRow]:
    """Return lines with their newest disputes."""
    disputes = {
        row.line_id: row
        for row in Dispute.objects.filter(line_id__in=[line.id for line in lines]).order_by("id")
    }
    is_open = is_partner and at < disputes_end(statement.issued_at)
    found = []
    for line in lines:
        dispute = disputes.get(line.id)
        if dispute and dispute.state == DisputeState.WITHDRAWN:
            dispute = None
        found.append(
            LineRow(
                line.id,
                title_of(line),
                below_of(line),
                line.booked_on,
                line.amount_minor,
                statement.currency,
                dispute,
                is_open and dispute is None and line.section in DISPUTABLE,
            )
        )
    return found


def below_of(line: StatementLine) -> str:
    """Return what a line was for."""
    if line.section == "earned":
        return what_for(line.detail)
    if line.section == "adjusted":
        return what_for_adjustment(line)
    return str(line.detail.get("payout", ""))


def line_facts(line: StatementLine) -> list[tuple[str, str]]:
    """Return what a line of a statement says."""
    statement = line.statement
    facts = [
        (gettext("Statement"), statement.number),
        (gettext("Line"), title_of(line)),
        (gettext("For"), below_of(line)),
        (gettext("Date"), day_text(line.booked_on)),
        (gettext("Amount"), money_text(line.amount_minor, statement.currency)),
    ]
    return [(term, value) for term, value in facts if value]


def dispute_facts(dispute: Dispute, *, staff: bool) -> list[tuple[str, str]]:
    """Return a dispute as facts: the line, what was said, what came of it."""
    facts = line_facts(dispute.line)
    if staff:
        facts.insert(0, (gettext("Partner"), dispute.partner.name))
    if dispute.wanted_minor is not None:
        wanted = money_text(dispute.wanted_minor, dispute.currency)
        term = gettext("The partner expects") if staff else gettext("You expect")
        facts.append((term, wanted))
    facts.append((gettext("Reason"), dispute.reason))
    who = dispute.opened_by.get_full_name() if dispute.opened_by else ""
    facts.append((gettext("Disputed"), _when(dispute.opened_at, who)))
    if effect := effect_words(dispute):
        facts.append((gettext("The money"), effect))
    if dispute.correction_minor:
        facts.append(
            (gettext("Correction"), money_text(dispute.correction_minor, dispute.currency))
        )
    if dispute.answer:
        facts.append((gettext("Answer"), dispute.answer))
    if dispute.closed_at:
        who = dispute.closed_by.get_full_name() if dispute.closed_by and staff else ""
        facts.append((gettext("Closed"), _when(dispute.closed_at, who)))
    return facts


def _when(at: datetime, who: str) -> str:
    moment = moment_text(at)
    return gettext("%(moment)s by %(name)s") % {"moment": moment, "name": who} if who else moment


def queue_stats(at: datetime) -> list[Stat]:
    """Return how many disputes wait, since when, and how long answers took."""
    waiting = Dispute.objects.filter(state=DisputeState.OPEN)
    first = waiting.order_by("opened_at").values_list("opened_at", flat=True).first()
    answered = (
        Dispute.objects.filter(state__in=[DisputeState.ACCEPTED, DisputeState.REFUSED])
        .order_by("-closed_at")
        .values_list("opened_at", "closed_at")[:MEASURED]
    )
    days = answer_days([closed - opened for opened, closed in answered if closed])
    oldest = ""
    if first:
        whole = (at - first).days
        oldest = ngettext(
            "the oldest for %(count)s day", "the oldest for %(count)s days", whole
        ) % {"count": number_text(whole)}
    return [
        Stat(gettext("Waiting for an answer"), number_text(waiting.count()), oldest),
        Stat(
            gettext("Half are answered within"),
            "–" if days is None else gettext("%(days)s days") % {"days": number_text(days)},
            gettext("of the newest 200 answers"),
        ),
    ]


def queue_tabs(url: str, view: str) -> list[Tab]:
    """Return the two views of the queue."""
    return [
        Tab(gettext("Waiting"), url, current=view == "open"),
        Tab(gettext("Closed"), f"{url}?view=closed", current=view == "closed"),
    ]
