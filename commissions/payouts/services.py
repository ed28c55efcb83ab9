"""Payout runs: submit, approve by a second person, send to the bank, settle or return each payment."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q

from commissions.ledger.models import AccountKind
from commissions.ledger.selectors import tenant_zone
from commissions.ledger.services import account_of, post_transfer
from commissions.payouts.faults import note_fault
from commissions.payouts.freezing import freeze_staged, frozen_digest
from commissions.payouts.models import (
    Payout,
    PayoutLine,
    PayoutRun,
    PayoutState,
    ReturnCause,
    RunApproval,
    RunState,
)
from commissions.payouts.posting import post_approval, post_settlements
from commissions.payouts.rules import approvals_needed, has_code
from commissions.payouts.selectors import (
    ChangeSince,
    changes_since,
    preview_run,
    run_totals,
    waiting_run,
)
from commissions.payouts.settings import run_limits
from commissions.vat.charging import bind_charges, untax_run
from partners.directory.models import Partner
from prm.events.services import Actor, emit
from prm.money import Money
from prm.tenancy.services import next_number
from referrals.attribution.crediting import lock_credits


class RunAlreadyWaiting(ValueError):
    """A run waits for approval already; `run` says which and who prepared it."""

    def __init__(self, run: PayoutRun) -> None:
        super().__init__(run.number)
        self.run = run


class NothingToPay(ValueError):
    """Nobody has a balance that may be paid now."""


class PreviewChanged(ValueError):
    """Balances or bank details changed between the preview and its submission."""


class PreparedByYou(ValueError):
    """The person who prepared a run may not approve it (FEATURES.md, O8)."""


class RunChanged(ValueError):
    """The list is not the one that was shown, or a payment's bank details changed since; `changes` says what."""

    def __init__(self, changes: Sequence[ChangeSince] = ()) -> None:
        super().__init__(f"{len(changes)} changes")
        self.changes = list(changes)


class RunNotInState(ValueError):
    """The run is in another state than the step needs; `run` says in which."""

    def __init__(self, run: PayoutRun) -> None:
        super().__init__(f"{run.number} is {run.state}")
        self.run = run


class PayoutNotInState(ValueError):
    """The payment is in another state than the step needs; `payout` says in which."""

    def __init__(self, payout: Payout) -> None:
        super().__init__(f"{payout.number} is {payout.state}")
        self.payout = payout


@dataclass(frozen=True)
class RunDraft:
    """What finance submits: the day the bank should pay, who is left out by hand, the digest of the preview seen.

    by_clock: nobody saw it; it was due.
    """

    pay_on: date
    left_out: Sequence[UUID] = field(default_factory=tuple)
    seen_digest: str = ""
    by_clock: bool = False


def submit_run(*, draft: RunDraft, actor: Actor, at: datetime) -> PayoutRun:
    """Freeze everything payable now into a run that waits for a second person.

    Commissions that become payable later are not touched. Two people who submit at once make one run:
    the second raises RunAlreadyWaiting naming the first.
    Raises RunAlreadyWaiting, NothingToPay, PreviewChanged, LedgerDisagrees. Emits payout_run.prepared.
    """
    if waiting := waiting_run():
        raise RunAlreadyWaiting(waiting)
    try:
        with transaction.atomic():
            return _freeze(draft, actor, at)
    except IntegrityError as error:
        waiting = waiting_run()
        if waiting is None:
            raise
        raise RunAlreadyWaiting(waiting) from error


def _freeze(draft: RunDraft, actor: Actor, at: datetime) -> PayoutRun:
    lock_credits(shared=True)
    # The row comes before the balances: its unique index makes a second submission wait here until this one is decided.
    run = PayoutRun.objects.create(
        number=_next_run_number(at),
        cutoff_at=at,
        digest="",
        prepared_by_id=actor.user_id,
        prepared_at=at,
        pay_on=draft.pay_on,
    )
    preview = preview_run(at=at, left_out=draft.left_out, lock=True)
    if draft.seen_digest and preview.digest != draft.seen_digest:
        raise PreviewChanged
    if not preview.paid:
        raise NothingToPay
    run.digest = freeze_staged(run_id=run.id, number=run.number)
    bind_charges(run_id=run.id)
    amounts: dict[str, list[int]] = defaultdict(list)
    for row in preview.paid:
        amounts[row.currency].append(row.amount_minor)
    run.approvals_needed = approvals_needed(amounts, run_limits(), by_a_person=not draft.by_clock)
    run.save(update_fields=["digest", "approvals_needed"])
    totals = {total.currency: total.amount_minor for total in preview.totals}
    emit(
        "payout_run.prepared",
        subject=f"payout_run:{run.id}",
        actor=actor,
        payload={
            "run_id": str(run.id),
            "payout_count": len(preview.paid),
            "excluded_count": len(preview.left_out),
            "totals": totals,
        },
        at=at,
    )
    return run


def _next_run_number(at: datetime) -> str:
    # The month of the vendor's own day, as on statements.
    month = f"{at.astimezone(tenant_zone()):%Y-%m}"
    count = next_number(f"payout_run:{month}")
    # A second run in a month is PR-2026-11.2, so that PR-2026-11-0002 stays the name of a payment.
    return f"PR-{month}" if count == 1 else f"PR-{month}.{count}"


@transaction.atomic
def approve_run(*, run_id: UUID, digest: str, actor: Actor, at: datetime) -> PayoutRun:
    """Agree to a waiting run as another person; with the last word it takes, book it: payable becomes in payout.

    digest: of the list that was on the person's screen. A repeat by the same person returns the run and books nothing.
    Refunds after the freeze do not stop it: the partner's balance goes below zero and is
    carried forward (THREATS.md, S31).
    Raises PreparedByYou, RunNotInState, RunChanged when the list or a payment's bank details changed.
    Emits payout_run.agreed while somebody else has to agree too, else payout_run.approved.
    """
    run = PayoutRun.objects.select_for_update().get(id=run_id)
    undecided = run.state in {RunState.PREPARED, RunState.APPROVED}
    if undecided and _has_agreed(run, actor):
        return run
    if run.state != RunState.PREPARED:
        raise RunNotInState(run)
    if run.prepared_by_id == actor.user_id:
        raise PreparedByYou
    if digest != run.digest or frozen_digest(run.id) != run.digest:
        raise RunChanged
    if stopping := [change for change in changes_since(run) if change.kind != "balance"]:
        raise RunChanged(stopping)
    assert actor.user_id is not None, "a run is approved by people"
    RunApproval.objects.create(run=run, user_id=actor.user_id, digest=digest, at=at)
    if RunApproval.objects.filter(run_id=run.id).count() < run.approvals_needed:
        _emit_run("payout_run.agreed", run, actor, at, digest=run.digest)
        return run
    post_approval(run_id=run.id, at=at)
    Payout.objects.filter(run_id=run.id).update(state=PayoutState.APPROVED)
    run.state, run.approved_by_id, run.approved_at = RunState.APPROVED, actor.user_id, at
    run.save(update_fields=["state", "approved_by", "approved_at"])
    _emit_run("payout_run.approved", run, actor, at, digest=run.digest)
    return run


def _has_agreed(run: PayoutRun, actor: Actor) -> bool:
    # Runs of before approvals were kept name their one approver only.
    return actor.user_id is not None and (
        run.approved_by_id == actor.user_id
        or RunApproval.objects.filter(run_id=run.id, user_id=actor.user_id).exists()
    )


@transaction.atomic
def cancel_run(*, run_id: UUID, reason: str, actor: Actor, at: datetime) -> PayoutRun:
    """Send a waiting run back: nothing is paid and everything it claimed may be claimed again.

    Raises RunNotInState once it is approved. A repeat returns the run. Emits payout_run.cancelled.
    """
    run = PayoutRun.objects.select_for_update().get(id=run_id)
    if run.state == RunState.CANCELLED:
        return run
    if run.state != RunState.PREPARED:
        raise RunNotInState(run)
    claimed = PayoutLine.objects.filter(payout__run_id=run.id, released_at=None)
    taxed = list(claimed.filter(transfer__kind="withholding").values_list("transfer_id", flat=True))
    claimed.update(released_at=at)
    untax_run(run_id=run.id, withheld_ids=taxed, at=at)
    Payout.objects.filter(run_id=run.id).update(state=PayoutState.CANCELLED)
    run.state, run.cancelled_by_id, run.cancelled_at, run.cancel_reason = (
        RunState.CANCELLED,
        actor.user_id,
        at,
        reason,
    )
    run.save(update_fields=["state", "cancelled_by", "cancelled_at", "cancel_reason"])
    _emit_run("payout_run.cancelled", run, actor, at)
    return run


@transaction.atomic
def export_run(*, run_id: UUID, actor: Actor, at: datetime) -> PayoutRun:
    """Note that an approved run's files went out to the bank. Export is not payment: no money is booked.

    A repeat returns the run. Raises RunNotInState before approval. Emits payout_run.exported.
    """
    run = PayoutRun.objects.select_for_update().get(id=run_id)
    if run.state in {RunState.EXPORTED, RunState.SETTLED}:
        return run
    if run.state != RunState.APPROVED:
        raise RunNotInState(run)
    Payout.objects.filter(run_id=run.id, state=PayoutState.APPROVED).update(
        state=PayoutState.EXPORTED
    )
    run.state, run.exported_at = RunState.EXPORTED, at
    run.save(update_fields=["state", "exported_at"])
    _emit_run("payout_run.exported", run, actor, at)
    return run


def note_download(*, run: PayoutRun, file: str, actor: Actor, at: datetime) -> None:
    """Record who took a bank file. Emits payout_run.file_downloaded."""
    emit(
        "payout_run.file_downloaded",
        subject=f"payout_run:{run.id}",
        actor=actor,
        payload={"file": file},
        at=at,
        queue=False,
    )


@transaction.atomic
def settle_payout(*, payout_id: UUID, actor: Actor, at: datetime) -> Payout:
    """Book that the bank paid: in payout becomes cash. A repeat returns the payment and books nothing.

    Raises PayoutNotInState before the export and after a return. Emits payout.settled,
    and payout_run.settled with the last one.
    """
    run, payout = _locked(payout_id)
    if payout.state == PayoutState.SETTLED:
        return payout
    if payout.state != PayoutState.EXPORTED:
        raise PayoutNotInState(payout)
    post_transfer(
        kind="settlement",
        key=f"settlement:{payout.id}",
        journal=f"payout:{payout.number}",
        debit=account_of(AccountKind.IN_PAYOUT, payout.currency, payout.partner_id),
        credit=account_of(AccountKind.CASH, payout.currency),
        amount=Money(payout.amount_minor, payout.currency),
        at=at,
        partner_id=payout.partner_id,
    )
    payout.state, payout.settled_at = PayoutState.SETTLED, at
    payout.save(update_fields=["state", "settled_at"])
    emit_payout("payout.settled", payout, actor, at)
    _close_when_done(run, actor, at)
    return payout


@transaction.atomic
def return_payout(
    *,
    payout_id: UUID,
    reason: str,
    actor: Actor,
    at: datetime,
    cause: ReturnCause = ReturnCause.UNCLEAR,
) -> Payout:
    """Book that the bank sent the money back: it is payable again, once, by a new transfer that the next run claims.

    What a merged duplicate was paid is owed to the partner that stays. cause: what a person says; where nobody does, a
    bank's code is read in the reason, and without one finance is asked. When it is the account, nothing more is paid
    there (payouts.faults).
    A repeat returns the payment and books nothing.
    Raises PayoutNotInState before the export.
    Emits payout.returned, and payout_run.settled when no payment is left open.
    """
    # Whom it is owed to is asked while no partner is merged.
    lock_credits(shared=True)
    run, payout = _locked(payout_id)
    if payout.state == PayoutState.RETURNED:
        return payout
    if payout.state not in {PayoutState.EXPORTED, PayoutState.SETTLED}:
        raise PayoutNotInState(payout)
    was_paid = payout.state == PayoutState.SETTLED
    source = (
        account_of(AccountKind.CASH, payout.currency)
        if was_paid
        else account_of(AccountKind.IN_PAYOUT, payout.currency, payout.partner_id)
    )
    owed_to = _owed_to(payout)
    post_transfer(
        kind="return",
        key=f"return:{payout.id}",
        journal=f"payout:{payout.number}",
        debit=source,
        credit=account_of(AccountKind.PAYABLE, payout.currency, owed_to),
        amount=Money(payout.amount_minor, payout.currency),
        at=at,
        partner_id=owed_to,
    )
    payout.state, payout.returned_at, payout.return_reason = PayoutState.RETURNED, at, reason[:200]
    payout.return_cause = "" if cause == ReturnCause.UNCLEAR and has_code(reason) else cause
    payout.save(update_fields=["state", "returned_at", "return_reason", "return_cause"])
    note_fault(payout, at=at)
    emit_payout("payout.returned", payout, actor, at)
    _close_when_done(run, actor, at)
    return payout


@transaction.atomic
def settle_all(*, run_id: UUID, actor: Actor, at: datetime) -> int:
    """Book every payment of an exported run that is still open as paid; return how many.

    A repeat books nothing. Raises RunNotInState before the export. Emits payout.settled each, and payout_run.settled.
    """
    run = PayoutRun.objects.select_for_update().get(id=run_id)
    if run.state == RunState.SETTLED:
        return 0
    if run.state != RunState.EXPORTED:
        raise RunNotInState(run)
    # Locked in key order, as settle_payout and return_payout lock the run before their payment.
    open_payouts = list(
        Payout.objects.select_for_update()
        .filter(run_id=run.id, state=PayoutState.EXPORTED)
        .order_by("id")
    )
    post_settlements(run_id=run.id, at=at)
    Payout.objects.filter(id__in=[payout.id for payout in open_payouts]).update(
        state=PayoutState.SETTLED, settled_at=at
    )
    for payout in open_payouts:
        emit_payout("payout.settled", payout, actor, at)
    _close_when_done(run, actor, at)
    return len(open_payouts)


def _owed_to(payout: Payout) -> UUID:
    """Return whom returned money belongs to."""
    partner = Partner.objects.get(id=payout.partner_id)
    return partner.merged_into_id or partner.id


def _locked(payout_id: UUID) -> tuple[PayoutRun, Payout]:
    """Lock the run, then the payment, so that steps on one run never cross."""
    run_id = Payout.objects.values_list("run_id", flat=True).get(id=payout_id)
    run = PayoutRun.objects.select_for_update().get(id=run_id)
    return run, Payout.objects.select_for_update().get(id=payout_id)


def _close_when_done(run: PayoutRun, actor: Actor, at: datetime) -> None:
    if run.state != RunState.EXPORTED:
        return
    if (
        Payout.objects.filter(run_id=run.id)
        .exclude(Q(state=PayoutState.SETTLED) | Q(state=PayoutState.RETURNED))
        .exists()
    ):
        return
    run.state, run.settled_at = RunState.SETTLED, at
    run.save(update_fields=["state", "settled_at"])
    _emit_run("payout_run.settled", run, actor, at)


def _emit_run(name: str, run: PayoutRun, actor: Actor, at: datetime, **more: str) -> None:
    totals = {total.currency: total.amount_minor for total in run_totals(run.id)}
    emit(
        name,
        subject=f"payout_run:{run.id}",
        actor=actor,
        payload={"run_id": str(run.id), "totals": totals, **more},
        at=at,
    )


def emit_payout(name: str, payout: Payout, actor: Actor, at: datetime) -> None:
    """Record a fact about one payment."""
    emit(
        name,
        subject=f"payout:{payout.id}",
        actor=actor,
        partner_id=payout.partner_id,
        payload={
            "payout_id": str(payout.id),
            "partner_id": str(payout.partner_id),
            "amount_minor": payout.amount_minor,
            "currency": payout.currency,
        },
        at=at,
    )
