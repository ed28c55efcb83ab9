"""What people see of a run after it was submitted."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext

from commissions.payouts.bankfiles import stored_kinds
from commissions.payouts.models import (
    ExclusionReason,
    PayoutExclusion,
    PayoutRun,
    PayoutState,
    RunApproval,
    RunState,
)
from commissions.payouts.preview_page import LONGEST_LIST
from commissions.payouts.returns import Returned, returned_of, returned_totals
from commissions.payouts.selectors import (
    FreshDetails,
    approvals_of,
    changes_since,
    exclusions_of,
    fresh_details,
    ledger_check,
    payout_states,
    run_totals,
)
from commissions.payouts.tables import RUN_TONES
from commissions.payouts.templates import template_names
from commissions.payouts.wording import (
    again_words,
    change_words,
    file_words,
    fresh_words,
    left_out_stat,
    reason_words,
    returned_words,
    total_stats,
)
from commissions.payouts.working import FILES, work_under_way
from prm.accounts.capabilities import Capability
from prm.accounts.members import Member
from prm.accounts.models import User
from prm.money import Money
from prm.web.formats import day_text, moment_text, money_text, number_text
from prm.web.parts import Link, Stage, Stat
from prm.web.tables import ident

# Fresh bank details named above the list; every one is marked in it.
LONGEST_WARNING = 50


@dataclass(frozen=True)
class RunPage:
    """A run after it was submitted."""

    run: PayoutRun
    tone: str
    lead: str
    stages: list[Stage]
    stats: list[Stat]
    exclusions: list[tuple[SafeString, str]]
    returned: str
    returns: list[str]
    return_tone: str
    changes: list[str]
    fresh: list[str]
    fresh_title: str
    fresh_by_preparer: bool
    stops_approval: bool
    files: list[Link]
    payout_count: int
    open_count: int
    may_approve: bool
    may_cancel: bool
    may_export: bool
    # The page of the job that makes the bank files, while it waits for a worker or runs.
    making_url: str
    may_settle: bool
    may_state: bool
    is_own: bool
    # Said while people still agree: who did, and how many more it takes.
    agreed: str


def run_page(run: PayoutRun, member: Member) -> RunPage:
    """Return what a person sees of a run: where it stands, its totals, who was left out, what changed since."""
    totals, states = run_totals(run.id), payout_states(run.id)
    changes = changes_since(run) if run.state == RunState.PREPARED else []
    fresh, fresh_count = fresh_details(run, limit=LONGEST_WARNING) if is_undecided(run) else ([], 0)
    exclusions = exclusions_of(run.id)
    is_own = run.prepared_by_id == member.user_id
    prepared = run.state == RunState.PREPARED
    approvals = approvals_of(run.id)
    may_export = run.state == RunState.APPROVED and member.may(Capability.SETTLE_PAYOUTS)
    making = work_under_way(run.id, FILES) if may_export else None
    has_agreed = member.user_id in {row.user_id for row in approvals}
    may_approve = (
        prepared and not is_own and not has_agreed and member.may(Capability.APPROVE_PAYOUTS)
    )
    returns = returned_of(run.id, limit=LONGEST_LIST) if states[PayoutState.RETURNED] else []
    returned = returned_words(returned_totals([run.id]).get(run.id, [])) if returns else ""
    return RunPage(
        run=run,
        tone=RUN_TONES[RunState(run.state)],
        lead=_run_lead(run),
        stages=_stages(run, approvals, may_approve=may_approve, returned=returned),
        stats=[
            *total_stats(totals),
            left_out_stat([row.reason for row in exclusions]),
            _check_stat(run),
        ],
        exclusions=[
            (_exclusion(row, run, member), money_text(row.amount_minor, row.currency))
            for row in exclusions[:LONGEST_LIST]
        ],
        returned=returned,
        returns=[_return_words(row) for row in returns],
        return_tone="info" if all(_is_paid(row) for row in returns) else "warn",
        changes=[change_words(change) for change in changes],
        fresh=_fresh(fresh, fresh_count),
        fresh_title=ngettext(
            "%(count)s payment goes to bank details that nothing was paid to yet or that are days old",
            "%(count)s payments go to bank details that nothing was paid to yet or that are days old",
            fresh_count,
        )
        % {"count": number_text(fresh_count)},
        fresh_by_preparer=any(row.by_preparer for row in fresh),
        stops_approval=any(change.kind != "balance" for change in changes),
        files=_files(run)
        if run.state in {RunState.APPROVED, RunState.EXPORTED, RunState.SETTLED}
        and member.may(Capability.SETTLE_PAYOUTS)
        else [],
        payout_count=sum(total.payout_count for total in totals),
        open_count=states[PayoutState.EXPORTED],
        may_approve=may_approve,
        may_cancel=prepared and member.may(Capability.PREPARE_PAYOUTS),
        may_export=may_export and making is None,
        making_url=reverse("job-detail", kwargs={"job_id": making.id}) if making else "",
        may_settle=run.state == RunState.EXPORTED and member.may(Capability.SETTLE_PAYOUTS),
        may_state=run.state in {RunState.EXPORTED, RunState.SETTLED}
        and member.may(Capability.ISSUE_STATEMENTS),
        is_own=is_own,
        agreed=_agreed(run, approvals) if prepared else "",
    )


def _agreed(run: PayoutRun, approvals: list[RunApproval]) -> str:
    """Say how many people have to agree when it is more than one, and who did."""
    if run.approvals_needed == 1:
        return ""
    if not approvals:
        return (
            gettext("This run takes the approval of two people besides the one who prepared it.")
            if (run.prepared_by_id)
            else gettext("This run was prepared by the clock, so two people have to approve it.")
        )
    names = ", ".join(row.user.get_full_name() for row in approvals)
    return gettext("%(names)s approved it. One more person has to.") % {"names": names}


def is_undecided(run: PayoutRun) -> bool:
    """Tell whether the money of a run has not gone out and somebody may still look at where it goes."""
    return run.state in {RunState.PREPARED, RunState.APPROVED}


def _fresh(rows: list[FreshDetails], count: int) -> list[str]:
    lines = [
        gettext("%(partner)s: %(details)s")
        % {"partner": row.partner_name, "details": fresh_words(row)}
        for row in rows
    ]
    if more := count - len(rows):
        lines.append(
            ngettext(
                "%(count)s more, marked in the list", "%(count)s more, marked in the list", more
            )
            % {"count": number_text(more)}
        )
    return lines


def _is_paid(row: Returned) -> bool:
    return row.again is not None and row.again.state == PayoutState.SETTLED


def _return_words(row: Returned) -> str:
    return gettext("%(name)s, %(amount)s: %(outcome)s") % {
        "name": row.payout.partner.name,
        "amount": money_text(row.payout.amount_minor, row.payout.currency),
        "outcome": again_words(row.again),
    }


def _run_lead(run: PayoutRun) -> str:
    who = run.prepared_by.get_full_name() if run.prepared_by else gettext("The system")
    words = {"name": who, "day": day_text(run.prepared_at), "moment": moment_text(run.cutoff_at)}
    return (
        gettext("Prepared by %(name)s on %(day)s. Covers everything payable at %(moment)s.") % words
    )


def _name(user: User | None) -> str:
    return user.get_full_name() if user else ""


def _stages(
    run: PayoutRun, approvals: list[RunApproval], *, may_approve: bool, returned: str
) -> list[Stage]:
    approvers = ", ".join(row.user.get_full_name() for row in approvals) or _name(run.approved_by)
    way: list[str] = [RunState.PREPARED, RunState.APPROVED, RunState.EXPORTED, RunState.SETTLED]
    position = way.index(run.state) + 1 if run.state != RunState.CANCELLED else 1
    waiting = gettext("Waiting for you") if may_approve else gettext("Waiting for another person")
    steps = [
        (
            gettext("Prepared"),
            f"{day_text(run.prepared_at, 'short')}, {_name(run.prepared_by)}".rstrip(", "),
        ),
        (
            gettext("Approval"),
            f"{day_text(run.approved_at, 'short')}, {approvers}" if run.approved_at else waiting,
        ),
        (
            gettext("Sent to bank"),
            moment_text(run.exported_at, "short")
            if run.exported_at
            else gettext("Planned for %(day)s") % {"day": day_text(run.pay_on, "short")},
        ),
        (
            gettext("Settled"),
            ". ".join(filter(None, [_settled_words(run), returned])),
        ),
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


def _settled_words(run: PayoutRun) -> str:
    if run.settled_at:
        return day_text(run.settled_at, "short")
    return gettext("Waiting for the bank") if run.state == RunState.EXPORTED else ""


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


def _exclusion(row: PayoutExclusion, run: PayoutRun, member: Member) -> SafeString:
    minimum = row.detail.get("minimum_minor")
    cooling = row.detail.get("cooling_until")
    returned = row.detail.get("payment")
    words = reason_words(
        row.reason,
        minimum=Money(minimum, row.currency) if minimum is not None else None,
        cooling_until=datetime.fromisoformat(cooling) if cooling else None,
        returned=(returned, row.detail["bank_says"]) if returned else None,
        left_out_by="" if run.prepared_by_id == member.user_id else _name(run.prepared_by),
    )
    who = ident(
        row.partner.name,
        reverse("partners:partner-detail", kwargs={"partner_id": row.partner_id}),
        sub=words,
        hue=row.partner_id,
    )
    waits = row.reason == ExclusionReason.RETURNED and run.state == RunState.PREPARED
    if not waits or not member.may(Capability.SETTLE_PAYOUTS):
        return who
    url = reverse("commissions:payout-account-confirm", kwargs={"partner_id": row.partner_id})
    words = gettext("Pay again to the same account")
    return format_html(
        '{}<a class="more" href="{}">{}<span class="vh">: {}</span></a>',
        who,
        url,
        words,
        row.partner.name,
    )


def _files(run: PayoutRun) -> list[Link]:
    kinds = stored_kinds(run)
    names = template_names() if any(kind.startswith("template-") for kind in kinds) else {}
    icons = defaultdict(lambda: "file", sepa="bank", ach="bank", zip="download")
    return [
        Link(
            file_words(kind, names),
            reverse("commissions:run-file", kwargs={"run_id": run.id, "kind": kind}),
            icons[kind],
        )
        for kind in kinds
    ]


def recent_runs(runs: list[PayoutRun]) -> list[tuple[PayoutRun, str, str]]:
    """Return each run with its state's tone and, in words, what came back of it; for short lists elsewhere."""
    returned = returned_totals([run.id for run in runs])
    return [(run, RUN_TONES[run.state], returned_words(returned.get(run.id, []))) for run in runs]
