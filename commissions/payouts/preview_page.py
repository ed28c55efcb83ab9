"""What finance sees of a run before submitting it."""

from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from commissions.ledger.selectors import tenant_liability
from commissions.payouts.freezing import Candidate
from commissions.payouts.models import (
    ExclusionReason,
)
from commissions.payouts.returns import came_back_last
from commissions.payouts.selectors import (
    RunPreview,
)
from commissions.payouts.wording import left_out_stat, reason_words, total_stats
from prm.money import Money
from prm.web.formats import money_text
from prm.web.parts import Stat
from prm.web.tables import ident

# Bounded: a page with more rows helps nobody; all of them are in the file.
LONGEST_LIST = 500


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
    # Where finance lets an account be paid again that a payment came back from.
    confirm_url: str = ""


@dataclass(frozen=True)
class PreviewPage:
    """A run before it is submitted."""

    stats: list[Stat]
    paid: list[PreviewRow]
    excluded: list[PreviewRow]
    hidden_count: int
    warnings: list[str]
    # What disputed lines keep out of the run, one text per currency.
    disputed: list[str]
    digest: str
    payout_count: int


def preview_page(preview: RunPreview) -> PreviewPage:
    """Return what finance sees before submitting; the largest 500 are listed."""
    # Who is left out by hand stays beside its checkbox, so that it can be taken in again.
    paid = [_preview_row(row) for row in preview.candidates if row.may_be_left_out]
    excluded = [_preview_row(row) for row in preview.candidates if not row.may_be_left_out]
    return PreviewPage(
        stats=[
            *total_stats(preview.totals),
            left_out_stat([row.reason for row in preview.left_out]),
        ],
        paid=paid[:LONGEST_LIST],
        excluded=excluded[:LONGEST_LIST],
        hidden_count=max(0, len(paid) - LONGEST_LIST) + max(0, len(excluded) - LONGEST_LIST),
        warnings=[*_shared(preview), *_came_back(preview)],
        disputed=[
            money_text(row.disputed, row.currency) for row in tenant_liability() if row.disputed
        ],
        digest=preview.digest,
        payout_count=len(preview.paid),
    )


def _shared(preview: RunPreview) -> list[str]:
    return [
        gettext("%(names)s are paid to one and the same account. Make sure that is right.")
        % {"names": ", ".join(names)}
        for names in preview.shared_accounts.values()
    ]


def _came_back(preview: RunPreview) -> list[str]:
    """Say which listed payments go where the last one came back from: it may come back again."""
    listed = preview.paid[:LONGEST_LIST]
    accounts = [row.account_id for row in listed if row.account_id]
    return [
        gettext(
            "%(name)s: %(payment)s came back from the same account. Ask the partner before you pay there again."
        )
        % {"name": row.partner.name, "payment": row.number}
        for row in came_back_last([row.partner_id for row in listed], accounts)
    ]


def _preview_row(row: Candidate) -> PreviewRow:
    url = reverse("partners:partner-detail", kwargs={"partner_id": row.partner_id})
    words = (
        reason_words(
            row.reason,
            minimum=Money(row.minimum_minor, row.currency),
            cooling_until=row.cooling_until,
            returned=(row.returned_number, row.bank_says or "") if row.returned_number else None,
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
        confirm_url=reverse(
            "commissions:payout-account-confirm", kwargs={"partner_id": row.partner_id}
        )
        if row.reason == ExclusionReason.RETURNED
        else "",
    )
