"""The books follow a partner through a merge: rewards change hands, balances move by transfers."""

from collections.abc import Sequence
from uuid import UUID

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext

from commissions.accruals.models import PAID_BY, Accrual, Clawback, Release
from commissions.ledger.models import AccountKind, Transfer
from commissions.ledger.selectors import partner_balances
from commissions.ledger.services import NewTransfer, Posted, lock_balances, post_staged
from commissions.payouts.models import Payout, PayoutLine, PayoutState
from commissions.statements.models import CORRECTED_BY, Dispute
from partners.directory.merging import Merge, MergeRefused, before_merge, on_merge

UNDER_WAY = (PayoutState.PREPARED, PayoutState.APPROVED, PayoutState.EXPORTED)
MOVING = (AccountKind.PENDING, AccountKind.PAYABLE, AccountKind.DISPUTED, AccountKind.DEFERRED)


@before_merge
def hold_balances(merge: Merge) -> None:
    """Let nothing be posted for the two meanwhile: whoever posts holds balances before it writes about a partner."""
    lock_balances(partner_ids=sorted([merge.from_id, merge.into_id]))


@on_merge
def carry_books(merge: Merge) -> None:
    """Move rewards and balances, per state and currency, over the tenant's account of adjustments.

    Two transfers per balance, so that each names one partner and stands on one statement; adjustments end at nothing.
    Raises MergeRefused while a payout of the duplicate is under way.
    """
    waiting = Payout.objects.filter(partner_id=merge.from_id, state__in=UNDER_WAY).select_related(
        "run"
    )
    if (payout := waiting.order_by("id").first()) is not None:
        raise MergeRefused(
            gettext(
                "Payout run %(number)s pays the duplicate and is not finished. Settle it or send it back first."
            )
            % {"number": payout.run.number}
        )
    journal = f"merge:{merge.from_id}"
    transfers = []
    for balance in partner_balances(merge.from_id):
        for kind in MOVING:
            minor = getattr(balance, kind.value)
            if minor:
                transfers += _moved(merge, journal, kind.value, balance.currency, minor)
    if transfers:
        posted = post_staged(transfers)
        _carry_waiting(merge, transfers, posted)
    for model in (Accrual, Release, Clawback):
        model.objects.filter(partner_id=merge.from_id).update(partner_id=merge.into_id)


def _carry_waiting(
    merge: Merge, transfers: Sequence[NewTransfer], posted: Sequence[Posted]
) -> None:
    """Lead the duplicate's rewards and corrections that no payment claims to the transfer that will be paid for them.

    Rewards and clawbacks that come to nothing together leave no transfer: what is offset is never paid.
    """
    claimed = PayoutLine.objects.filter(transfer_id=OuterRef("paid_by"), released_at=None)
    waiting = Release.objects.alias(paid_by=PAID_BY).filter(
        ~Exists(claimed), partner_id=merge.from_id, transfer_id__isnull=False
    )
    # Disputes may have changed hands already: what tells is whose account the money lay in.
    owned = Transfer.objects.filter(id=OuterRef("corrected_by"), partner_id=merge.from_id)
    paid = PayoutLine.objects.filter(transfer_id=OuterRef("corrected_by"), released_at=None)
    corrections = Dispute.objects.alias(corrected_by=CORRECTED_BY).filter(
        ~Exists(paid), Exists(owned), partner_id__in=[merge.from_id, merge.into_id]
    )
    for transfer, place in zip(transfers, posted, strict=True):
        own = transfer.credit if transfer.credit[1] else transfer.debit
        if transfer.key == payable_key(merge, own[2]):
            waiting.filter(accrual__currency=own[2]).update(carried_id=place.id)
            corrections.filter(currency=own[2]).update(carried_id=place.id)


def payable_key(merge: Merge, currency: str) -> str:
    """Return the key of the transfer by which what was payable came to the partner that stays, if there was any."""
    return _key(merge, AccountKind.PAYABLE.value, currency, merge.into_id)


def _key(merge: Merge, kind: str, currency: str, partner_id: UUID) -> str:
    return f"merge:{merge.from_id}:{kind}:{currency}:{partner_id}"


def _moved(merge: Merge, journal: str, kind: str, currency: str, minor: int) -> list[NewTransfer]:
    """Return the two transfers of one balance; one below zero moves the other way round."""
    adjustments = (AccountKind.ADJUSTMENTS.value, None, currency)
    sides = []
    for partner_id, gives in ((merge.from_id, minor > 0), (merge.into_id, minor < 0)):
        own = (kind, partner_id, currency)
        sides.append(
            NewTransfer(
                kind="merge",
                key=_key(merge, kind, currency, partner_id),
                journal=journal,
                debit=own if gives else adjustments,
                credit=adjustments if gives else own,
                amount_minor=abs(minor),
                booked_at=merge.at,
                partner_id=partner_id,
            )
        )
    return sides
