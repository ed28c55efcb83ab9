"""What the pages of payouts show, in the reader's words."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext

from commissions.ledger.selectors import PartnerBalance
from commissions.payouts.bankfiles import stored_kinds
from commissions.payouts.freezing import Candidate
from commissions.payouts.models import (
    ExclusionReason,
    Payout,
    PayoutAccount,
    PayoutExclusion,
    PayoutRun,
    PayoutState,
    RunState,
)
from commissions.payouts.selectors import (
    TO_DECIDE,
    ChangeSince,
    CurrencyTotal,
    RunPreview,
    changes_since,
    exclusions_of,
    ledger_check,
    payout_states,
    run_totals,
)
from commissions.payouts.tables import RUN_TONES
from prm.accounts.capabilities import Capability
from prm.accounts.members import Member
from prm.accounts.models import User
from prm.money import Money
from prm.web.formats import day_text, moment_text, money_text
from prm.web.marks import moment_mark
from prm.web.parts import Change, Link, Stage, Stat
from prm.web.tables import ident

# Bounded: a page with more rows helps nobody; all of them are in the file.
LONGEST_PREVIEW = 500


@dataclass(frozen=True)
class DetailsPage:
    """Where the partner is paid now, since when, and before."""

    account: PayoutAccount | None
    facts: list[tuple[str, Any]]
    cooling_until: str
    history: list[Change]
    waiting: str


def details_page(
    history: list[PayoutAccount], balances: list[PartnerBalance], *, now: datetime
) -> DetailsPage:
    """Return the page of payout details; waiting names what cannot be paid without them."""
    account = history[0] if history else None
    waiting = (
        " · ".join(money_text(row.payable, row.currency) for row in balances if row.payable > 0)
        if account is None
        else ""
    )
    cooling = (
        account.cooling_until
        if account and account.cooling_until and account.cooling_until > now
        else None
    )
    return DetailsPage(
        account=account,
        facts=_account_facts(account) if account else [],
        cooling_until=moment_text(cooling) if cooling else "",
        history=[
            _account_change(row, history[index + 1] if index + 1 < len(history) else None)
            for index, row in enumerate(history)
        ],
        waiting=waiting,
    )


def _account_facts(account: PayoutAccount) -> list[tuple[str, Any]]:
    facts: list[tuple[str, Any]] = [
        (gettext("Method"), account.get_method_display()),
        (gettext("Account holder"), account.holder),
        (gettext("Account"), account.masked),
    ]
    if account.bic:
        facts.append((gettext("BIC"), account.bic))
    return [*facts, (gettext("Since"), moment_mark(account.changed_at))]


def _account_change(row: PayoutAccount, before: PayoutAccount | None) -> Change:
    who = row.changed_by.get_full_name() if row.changed_by else gettext("The vendor")
    text = gettext("Account changed") if before else gettext("Account entered")
    return Change(
        text,
        row.changed_at,
        who,
        before=before.masked if before else "",
        after=row.masked,
    )


def reason_words(
    reason: str, *, minimum: Money | None = None, cooling_until: datetime | None = None
) -> str:
    """Return why somebody is not paid, and what happens next."""
    if reason == ExclusionReason.COOLING and cooling_until:
        return gettext(
            "Bank details changed. Held until %(moment)s; call back on the number on file before paying."
        ) % {
            "moment": moment_text(cooling_until, "medium"),
        }
    if reason == ExclusionReason.BELOW_MINIMUM and minimum:
        return gettext("Below the minimum of %(amount)s. Carried forward.") % {
            "amount": money_text(minimum.minor, minimum.currency)
        }
    words: dict[str, str] = {
        ExclusionReason.NO_DETAILS: gettext("No bank details."),
        ExclusionReason.COOLING: gettext("Bank details changed in the last days."),
        ExclusionReason.BELOW_MINIMUM: gettext("Below the minimum. Carried forward."),
        ExclusionReason.NEGATIVE: gettext(
            "Below zero after a reversed commission. Carried forward."
        ),
        ExclusionReason.NOT_ACTIVE: gettext("The partner is paused or ended."),
        ExclusionReason.LEFT_OUT: gettext("Left out by you. Stays for the next run."),
    }
    return words.get(reason, reason)


@dataclass(frozen=True)
class PreviewRow:
    """One partner and currency of the preview."""

    partner_id: Any
    who: SafeString
    account: str
    words: str
    amount: str
    is_paid: bool
    may_be_left_out: bool
    is_left_out: bool
    name: str
    # Where finance enters the first details of a partner without any.
    details_url: str = ""


@dataclass(frozen=True)
class PreviewPage:
    """A run before it is submitted."""

    stats: list[Stat]
    paid: list[PreviewRow]
    excluded: list[PreviewRow]
    hidden_count: int
    warnings: list[str]
    digest: str
    payout_count: int


def preview_page(preview: RunPreview) -> PreviewPage:
    """Return what finance sees before submitting; the largest 500 are listed."""
    # Who is left out by hand stays beside its checkbox, so that it can be taken in again.
    paid = [_preview_row(row) for row in preview.candidates if row.may_be_left_out]
    excluded = [_preview_row(row) for row in preview.candidates if not row.may_be_left_out]
    return PreviewPage(
        stats=[
            *_total_stats(preview.totals),
            _left_out_stat([row.reason for row in preview.left_out]),
        ],
        paid=paid[:LONGEST_PREVIEW],
        excluded=excluded[:LONGEST_PREVIEW],
        hidden_count=max(0, len(paid) - LONGEST_PREVIEW) + max(0, len(excluded) - LONGEST_PREVIEW),
        warnings=[
            gettext("%(names)s are paid to one and the same account. Make sure that is right.")
            % {"names": ", ".join(names)}
            for names in preview.shared_accounts.values()
        ],
        digest=preview.digest,
        payout_count=len(preview.paid),
    )


def _partner_address(partner_id: UUID) -> str:
    return reverse("partners:partner-detail", kwargs={"partner_id": partner_id})


def _preview_row(row: Candidate) -> PreviewRow:
    url = _partner_address(row.partner_id)
    words = (
        reason_words(
            row.reason,
            minimum=Money(row.minimum_minor, row.currency),
            cooling_until=row.cooling_until,
        )
        if row.reason
        else ""
    )
    return PreviewRow(
        partner_id=row.partner_id,
        who=ident(row.name, url, sub=words, narrow=row.masked or "", hue=row.partner_id),
        account=row.masked or "",
        words=words,
        amount=money_text(row.amount_minor, row.currency),
        is_paid=row.is_paid,
        may_be_left_out=row.may_be_left_out,
        is_left_out=row.reason == ExclusionReason.LEFT_OUT,
        name=row.name,
        details_url=reverse(
            "commissions:partner-payout-details", kwargs={"partner_id": row.partner_id}
        )
        if row.reason == ExclusionReason.NO_DETAILS
        else "",
    )


def _total_stats(totals: Iterable[CurrencyTotal]) -> list[Stat]:
    return [
        Stat(
            label=ngettext(
                "%(currency)s, %(count)s payment",
                "%(currency)s, %(count)s payments",
                total.payout_count,
            )
            % {"currency": total.currency, "count": total.payout_count},
            value=money_text(total.amount_minor, total.currency),
        )
        for total in totals
    ]


def _left_out_stat(reasons: list[str]) -> Stat:
    decide = sum(reason in TO_DECIDE for reason in reasons)
    carried = len(reasons) - decide
    return Stat(
        label=gettext("Left out of this run"),
        value=ngettext("%(count)s balance", "%(count)s balances", len(reasons))
        % {"count": len(reasons)},
        note=gettext("%(decide)s need a look, %(carried)s carried forward")
        % {"decide": decide, "carried": carried}
        if reasons
        else "",
    )


@dataclass(frozen=True)
class RunPage:
    """A run after it was submitted."""

    run: PayoutRun
    tone: str
    lead: str
    stages: list[Stage]
    stats: list[Stat]
    exclusions: list[tuple[SafeString, str]]
    changes: list[str]
    stops_approval: bool
    files: list[Link]
    payout_count: int
    open_count: int
    may_approve: bool
    may_cancel: bool
    may_export: bool
    may_settle: bool
    may_state: bool
    is_own: bool


def run_page(run: PayoutRun, member: Member) -> RunPage:
    """Return what a person sees of a run: where it stands, its totals, who was left out, what changed since."""
    totals, states = run_totals(run.id), payout_states(run.id)
    changes = changes_since(run) if run.state == RunState.PREPARED else []
    exclusions = exclusions_of(run.id)
    is_own = run.prepared_by_id == member.user_id
    prepared = run.state == RunState.PREPARED
    return RunPage(
        run=run,
        tone=RUN_TONES[RunState(run.state)],
        lead=_run_lead(run),
        stages=_stages(run, is_own=is_own),
        stats=[
            *_total_stats(totals),
            _left_out_stat([row.reason for row in exclusions]),
            _check_stat(run),
        ],
        exclusions=[
            (_exclusion(row), money_text(row.amount_minor, row.currency))
            for row in exclusions[:LONGEST_PREVIEW]
        ],
        changes=[change_words(change) for change in changes],
        stops_approval=any(change.kind != "balance" for change in changes),
        files=_files(run)
        if run.state in {RunState.APPROVED, RunState.EXPORTED, RunState.SETTLED}
        and member.may(Capability.SETTLE_PAYOUTS)
        else [],
        payout_count=sum(total.payout_count for total in totals),
        open_count=states[PayoutState.EXPORTED],
        may_approve=prepared and not is_own and member.may(Capability.APPROVE_PAYOUTS),
        may_cancel=prepared and member.may(Capability.PREPARE_PAYOUTS),
        may_export=run.state == RunState.APPROVED and member.may(Capability.SETTLE_PAYOUTS),
        may_settle=run.state == RunState.EXPORTED and member.may(Capability.SETTLE_PAYOUTS),
        may_state=run.state in {RunState.EXPORTED, RunState.SETTLED}
        and member.may(Capability.ISSUE_STATEMENTS),
        is_own=is_own,
    )


def _run_lead(run: PayoutRun) -> str:
    who = run.prepared_by.get_full_name() if run.prepared_by else gettext("The system")
    words = {"name": who, "day": day_text(run.prepared_at), "moment": moment_text(run.cutoff_at)}
    return (
        gettext("Prepared by %(name)s on %(day)s. Covers everything payable at %(moment)s.") % words
    )


def _name(user: User | None) -> str:
    return user.get_full_name() if user else ""


def _stages(run: PayoutRun, *, is_own: bool) -> list[Stage]:
    way: list[str] = [RunState.PREPARED, RunState.APPROVED, RunState.EXPORTED, RunState.SETTLED]
    position = way.index(run.state) + 1 if run.state != RunState.CANCELLED else 1
    waiting = gettext("Waiting for another person") if is_own else gettext("Waiting for you")
    steps = [
        (
            gettext("Prepared"),
            f"{day_text(run.prepared_at, 'short')}, {_name(run.prepared_by)}".rstrip(", "),
        ),
        (
            gettext("Approval"),
            f"{day_text(run.approved_at, 'short')}, {_name(run.approved_by)}"
            if run.approved_at
            else waiting,
        ),
        (
            gettext("Sent to bank"),
            moment_text(run.exported_at, "short")
            if run.exported_at
            else day_text(run.pay_on, "short"),
        ),
        (gettext("Settled"), day_text(run.settled_at, "short") if run.settled_at else ""),
    ]
    if run.state == RunState.CANCELLED:
        back = (
            f"{day_text(run.cancelled_at, 'short')}, {_name(run.cancelled_by)}"
            if run.cancelled_at
            else ""
        )
        return [Stage(steps[0][0], "done", steps[0][1]), Stage(gettext("Sent back"), "lost", back)]
    done = run.state == RunState.SETTLED
    return [
        Stage(
            name,
            "done" if index < position or done else "now" if index == position else "todo",
            note,
        )
        for index, (name, note) in enumerate(steps)
    ]


def _check_stat(run: PayoutRun) -> Stat:
    # Every line is counted again while somebody decides; afterwards the approval has bound them by their digest.
    if run.state != RunState.PREPARED:
        when = day_text(run.approved_at) if run.approved_at else "–"
        note = gettext("Checked at the approval on %(day)s") % {"day": when}
        return Stat(
            gettext("Check against ledger"),
            gettext("Matches") if run.approved_at else "–",
            note=note if run.approved_at else "",
        )
    checks = ledger_check(run.id)
    lines = sum(check.line_count for check in checks)
    wrong = [check.difference for check in checks if check.difference.minor]
    words = ngettext("%(count)s line, no difference", "%(count)s lines, no difference", lines) % {
        "count": lines
    }
    if wrong:
        words = ", ".join(money_text(amount.minor, amount.currency) for amount in wrong)
    return Stat(
        gettext("Check against ledger"),
        gettext("Differs") if wrong else gettext("Matches"),
        note=words,
    )


def _exclusion(row: PayoutExclusion) -> SafeString:
    minimum = row.detail.get("minimum_minor")
    cooling = row.detail.get("cooling_until")
    words = reason_words(
        row.reason,
        minimum=Money(minimum, row.currency) if minimum is not None else None,
        cooling_until=datetime.fromisoformat(cooling) if cooling else None,
    )
    return ident(
        row.partner.name,
        _partner_address(row.partner_id),
        sub=words,
        hue=row.partner_id,
    )


def change_words(change: ChangeSince) -> str:
    """Return what happened to a frozen payment's partner since."""
    values = {"name": change.partner_name, "number": change.payout_number}
    if change.kind == "details":
        values |= {"before": change.before or "–", "after": change.after or "–"}
        return gettext("%(name)s: bank details changed from %(before)s to %(after)s") % values
    if change.kind == "state":
        return gettext("%(name)s was paused or ended") % values
    before, after = change.before, change.after
    values |= {
        "before": money_text(before.minor, before.currency),
        "after": money_text(after.minor, after.currency),
    }
    return (
        gettext(
            "%(name)s: balance fell from %(before)s to %(after)s; the rest is carried forward below zero"
        )
        % values
    )


def _files(run: PayoutRun) -> list[Link]:
    words = {
        "sepa": gettext("SEPA file (pain.001)"),
        "csv": gettext("Payments as CSV"),
        "xlsx": gettext("Payments as Excel"),
    }
    icons = defaultdict(lambda: "file", sepa="bank")
    return [
        Link(
            words[kind],
            reverse("commissions:run-file", kwargs={"run_id": run.id, "kind": kind}),
            icons[kind],
        )
        for kind in stored_kinds(run)
    ]


def payout_facts(payout: Payout, *, for_staff: bool) -> list[tuple[str, Any]]:
    """Return the facts of one payment."""
    facts: list[tuple[str, Any]] = [
        (gettext("Reference"), payout.number),
        (gettext("Paid to"), f"{payout.account.get_method_display()}, {payout.account.masked}"),
        (gettext("Account holder"), payout.account.holder),
        (gettext("Day the bank pays"), day_text(payout.run.pay_on)),
    ]
    if payout.settled_at:
        facts.append((gettext("Paid"), moment_mark(payout.settled_at)))
    if payout.returned_at:
        facts.append((gettext("Returned"), moment_mark(payout.returned_at)))
    if payout.return_reason:
        facts.append((gettext("Reason"), payout.return_reason))
    if for_staff:
        facts.insert(0, (gettext("Partner"), payout.partner.name))
    return facts


def default_pay_day(now: datetime) -> Any:
    """Return the next day that is not on a weekend, from tomorrow on."""
    day = now.date() + timedelta(days=1)
    while day.weekday() > 4:
        day += timedelta(days=1)
    return day
