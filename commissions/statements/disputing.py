"""Dispute one line of a statement: its money waits in `disputed`, the rest is paid, the answer ends it.

A partner's person opens a dispute in the partner's own scope, which cannot write the books: the worker freezes the
money right after. What is on hold stays there while the dispute is open (commissions.accruals.releasing).
"""

from datetime import datetime
from typing import IO
from uuid import UUID

from django.db import IntegrityError, connection, transaction

from commissions.accruals.models import Accrual, Release
from commissions.ledger.models import AccountKind, Transfer
from commissions.ledger.services import NewTransfer, lock_balances, post_staged
from commissions.statements.models import Dispute, DisputeEffect, DisputeState, StatementLine
from commissions.statements.rules import DISPUTABLE, disputes_end
from partners.directory.merging import Merge, on_merge
from prm.events.services import Actor, emit
from prm.tenancy.scope import current_scope
from prm.uploads.services import MEGABYTE, keep_upload
from referrals.attribution.crediting import lock_credits

EVIDENCE = frozenset({"pdf", "png", "jpeg", "csv", "xlsx", "docx"})
MAX_EVIDENCE = 10 * MEGABYTE


class NotDisputable(ValueError):
    """The line cannot be disputed; `why` is "section", "late", "before" or "under_way"."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class DisputeClosed(ValueError):
    """The dispute was answered or withdrawn before, and otherwise."""


# ---------------------------------------------------------------- the partner


def obstacle(line: StatementLine, *, at: datetime) -> str:
    """Return why a line cannot be disputed now, as NotDisputable says it; empty when it can.

    at: aware UTC. A line whose payment is under way waits for its end: the bank has the list, and nothing of it moves.
    """
    if line.section not in DISPUTABLE:
        return "section"
    if Dispute.objects.filter(line_id=line.id).exclude(state=DisputeState.WITHDRAWN).exists():
        return "before"
    if at >= disputes_end(line.statement.issued_at):
        return "late"
    accrual = accrual_of(line)
    if accrual is not None and _claim_state(accrual.id) in _UNDER_WAY:
        return "under_way"
    return ""


@transaction.atomic
def open_dispute(
    *,
    line: StatementLine,
    partner_id: UUID,
    reason: str,
    wanted_minor: int | None,
    evidence: IO[bytes] | None,
    actor: Actor,
    at: datetime,
) -> Dispute:
    """Disagree with a line of one's own statement; the worker then freezes what of it is ready to be paid.

    wanted_minor: what the line should say, in minor units of its currency; None when the partner does not name it.
    A repeat while it is open returns the first. Raises NotDisputable, UploadRefused. Emits statement.disputed.
    """
    first = Dispute.objects.filter(line_id=line.id, state=DisputeState.OPEN).first()
    if first is not None:
        return first
    if why := obstacle(line, at=at):
        raise NotDisputable(why)
    upload = evidence and keep_upload(
        file=evidence,
        purpose="statements.dispute",
        allowed=EVIDENCE,
        max_bytes=MAX_EVIDENCE,
        partner_id=partner_id,
        actor=actor,
        at=at,
    )
    accrual = accrual_of(line)
    try:
        with transaction.atomic():
            dispute = Dispute.objects.create(
                line=line,
                statement_id=line.statement_id,
                partner_id=partner_id,
                accrual_id=accrual.id if accrual else None,
                currency=line.statement.currency,
                reason=reason,
                wanted_minor=wanted_minor,
                evidence_id=upload.id if upload else None,
                opened_by_id=actor.user_id,
                opened_at=at,
            )
    except IntegrityError as error:
        raise NotDisputable("before") from error
    _emit("statement.disputed", dispute, actor, at)
    return dispute


@transaction.atomic
def withdraw_dispute(*, dispute_id: UUID, actor: Actor, at: datetime) -> Dispute:
    """Take a dispute back; the worker then lets its money go. A repeat returns it.

    Raises DisputeClosed when it was answered. Emits statement.dispute_withdrawn.
    """
    dispute = Dispute.objects.select_for_update(no_key=True, of=("self",)).get(id=dispute_id)
    if dispute.state == DisputeState.WITHDRAWN:
        return dispute
    _close(dispute, DisputeState.WITHDRAWN, actor, at)
    _emit("statement.dispute_withdrawn", dispute, actor, at)
    return dispute


# ---------------------------------------------------------------- the vendor


@transaction.atomic
def accept_dispute(
    *, dispute_id: UUID, correction_minor: int, answer: str, actor: Actor, at: datetime
) -> Dispute:
    """Agree, wholly or in part: the frozen money goes back, and a correction is booked in the partner's favour.

    correction_minor: above zero; a cost of the vendor that is payable at once and a line of the next statement.
    A repeat with the same amount returns it. Raises DisputeClosed. Emits statement.dispute_answered.
    """
    dispute = _locked(dispute_id)
    if dispute.state == DisputeState.ACCEPTED and dispute.correction_minor == correction_minor:
        return dispute
    if dispute.state != DisputeState.OPEN:
        raise DisputeClosed(dispute.state)
    unfreeze(dispute, at=at)
    partner_id = _payee_of(dispute)
    dispute.correction_id = post_staged(
        [
            NewTransfer(
                kind="correction",
                key=f"dispute:{dispute.id}:correction",
                journal=f"dispute:{dispute.id}",
                debit=(AccountKind.COMMISSION_EXPENSE, None, dispute.currency),
                credit=(AccountKind.PAYABLE, partner_id, dispute.currency),
                amount_minor=correction_minor,
                booked_at=at,
                partner_id=partner_id,
            )
        ]
    )[0].id
    dispute.correction_minor, dispute.answer = correction_minor, answer
    _close(dispute, DisputeState.ACCEPTED, actor, at)
    _emit("statement.dispute_answered", dispute, actor, at)
    return dispute


@transaction.atomic
def refuse_dispute(*, dispute_id: UUID, answer: str, actor: Actor, at: datetime) -> Dispute:
    """Leave the line as it is, with the reason; the frozen money goes back to what is ready to be paid.

    A repeat returns it. Raises DisputeClosed when it was accepted or withdrawn. Emits statement.dispute_answered.
    """
    dispute = _locked(dispute_id)
    if dispute.state == DisputeState.REFUSED:
        return dispute
    if dispute.state != DisputeState.OPEN:
        raise DisputeClosed(dispute.state)
    unfreeze(dispute, at=at)
    dispute.answer = answer
    _close(dispute, DisputeState.REFUSED, actor, at)
    _emit("statement.dispute_answered", dispute, actor, at)
    return dispute


# ---------------------------------------------------------------- the money


@transaction.atomic
def freeze(*, dispute_id: UUID, at: datetime) -> Dispute:
    """Move what is left of the line's reward from payable to disputed, unless a payment took it meanwhile.

    Once per dispute; a repeat, or a dispute that is over, moves nothing.
    """
    dispute = _locked(dispute_id)
    if dispute.state != DisputeState.OPEN or dispute.effect:
        return dispute
    dispute.effect = DisputeEffect.NOTHING
    if dispute.accrual_id is not None:
        lock_balances(partner_ids=[_payee_of(dispute)], currency=dispute.currency)
        accrual = Accrual.objects.select_for_update(no_key=True, of=("self",)).get(
            id=dispute.accrual_id
        )
        dispute.effect = _effect_on(accrual)
        if dispute.effect == DisputeEffect.FROZEN:
            dispute.frozen_minor = _left_of(accrual)
            post_staged(
                [_movement(dispute, "dispute", AccountKind.PAYABLE, AccountKind.DISPUTED, at)]
            )
    dispute.save(update_fields=["effect", "frozen_minor"])
    return dispute


def effect_of(dispute: Dispute) -> DisputeEffect:
    """Return what a dispute does to its line's money, or will do once the worker has looked."""
    if dispute.effect:
        return DisputeEffect(dispute.effect)
    return _effect_on(dispute.accrual) if dispute.accrual else DisputeEffect.NOTHING


def _left_of(accrual: Accrual) -> int:
    return accrual.amount_minor - accrual.clawed_minor


def _effect_on(accrual: Accrual) -> DisputeEffect:
    if not _left_of(accrual):
        return DisputeEffect.NOTHING
    if not Release.objects.filter(accrual_id=accrual.id).exists():
        return DisputeEffect.ON_HOLD
    if _claim_state(accrual.id) in {*_UNDER_WAY, "settled"}:
        return DisputeEffect.PAID
    # Taken instead of money: nothing of it is left to wait.
    taken = Transfer.objects.filter(key=f"in_kind:{accrual.id}").exists()
    return DisputeEffect.NOTHING if taken else DisputeEffect.FROZEN


@transaction.atomic
def unfreeze(dispute: Dispute, *, at: datetime) -> None:
    """Move what a dispute froze back to payable, where the next payment claims it; a repeat moves nothing."""
    if not dispute.frozen_minor or dispute.accrual_id is None:
        return
    posted = post_staged(
        [_movement(dispute, "dispute_end", AccountKind.DISPUTED, AccountKind.PAYABLE, at)]
    )[0]
    # From now on the reward is paid by whatever pays this transfer.
    Release.objects.filter(accrual_id=dispute.accrual_id).update(carried_id=posted.id)


def _movement(
    dispute: Dispute, kind: str, debit: AccountKind, credit: AccountKind, at: datetime
) -> NewTransfer:
    partner_id = _payee_of(dispute)
    return NewTransfer(
        kind=kind,
        key=f"dispute:{dispute.id}:{'end' if kind == 'dispute_end' else 'freeze'}",
        journal=f"dispute:{dispute.id}",
        debit=(debit, partner_id, dispute.currency),
        credit=(credit, partner_id, dispute.currency),
        amount_minor=dispute.frozen_minor,
        booked_at=at,
        partner_id=partner_id,
    )


@on_merge
def carry_disputes(merge: Merge) -> None:
    """Let the partner that stays follow the duplicate's disputes; the books have moved the money."""
    Dispute.objects.filter(partner_id=merge.from_id).update(partner_id=merge.into_id)


# ---------------------------------------------------------------- what a line stands on

_UNDER_WAY = frozenset({"prepared", "approved", "exported"})
# What a line was booked for: the reward itself, or the reward of which something was taken back.
_ACCRUAL = """
select a.id from commissions_transfer t
  left join commissions_clawback c on c.tenant_id = t.tenant_id and c.transfer_id = t.id
  join commissions_accrual a on a.tenant_id = t.tenant_id
       and (a.id = c.accrual_id or a.transfer_id = coalesce(t.reverses_id, t.id))
 where t.tenant_id = %s and t.id = %s
 limit 1
"""
_CLAIM = """
select p.state from commissions_release r
  join commissions_payout_line l on l.tenant_id = r.tenant_id and l.transfer_id = coalesce(r.carried_id, r.transfer_id)
       and l.released_at is null
  join commissions_payout p on p.tenant_id = l.tenant_id and p.id = l.payout_id
 where r.tenant_id = %s and r.accrual_id = %s
"""


def accrual_of(line: StatementLine) -> Accrual | None:
    """Return the reward behind a line; None when it has none."""
    found = _rows(_ACCRUAL, [current_scope().tenant_id, line.transfer_id])
    return Accrual.objects.get(id=found[0]) if found else None


def _claim_state(accrual_id: int) -> str:
    """Return the state of the payment that has the reward, empty while none has."""
    found = _rows(_CLAIM, [current_scope().tenant_id, accrual_id])
    return str(found[0]) if found else ""


def _rows(sql: str, values: list[int]) -> list[int | str]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return [row[0] for row in cursor.fetchall()]


def _payee_of(dispute: Dispute) -> UUID:
    """Return whose accounts hold the money now: after a merge the partner that stays."""
    return UUID(str(dispute.partner_id))


def _locked(dispute_id: UUID) -> Dispute:
    # Before the dispute, which a merge of partners carries too.
    lock_credits(shared=True)
    return Dispute.objects.select_for_update(no_key=True, of=("self",)).get(id=dispute_id)


def _close(dispute: Dispute, state: str, actor: Actor, at: datetime) -> None:
    if dispute.state != DisputeState.OPEN:
        raise DisputeClosed(dispute.state)
    dispute.state, dispute.closed_by_id, dispute.closed_at = state, actor.user_id, at
    dispute.save(
        update_fields=[
            "state",
            "answer",
            "correction_minor",
            "correction",
            "closed_by",
            "closed_at",
        ]
    )


def _emit(name: str, dispute: Dispute, actor: Actor, at: datetime) -> None:
    emit(
        name,
        subject=f"dispute:{dispute.id}",
        actor=actor,
        partner_id=dispute.partner_id,
        payload={
            "dispute_id": str(dispute.id),
            "statement_id": str(dispute.statement_id),
            "correction_minor": dispute.correction_minor,
            "currency": dispute.currency,
        },
        at=at,
    )
