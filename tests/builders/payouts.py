"""Builders of money that is due, and of where it goes."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4

from commissions.calendar.services import open_feed, secret_of
from commissions.ledger.models import AccountKind, Transfer
from commissions.ledger.services import account_of, post_transfer
from commissions.payouts.bankfiles import stored_name
from commissions.payouts.details import PayoutDetails, save_payout_details
from commissions.payouts.models import Payout, PayoutAccount, PayoutMethod, PayoutRun
from commissions.payouts.services import RunDraft, approve_run, export_run, submit_run
from commissions.payouts.templates import TemplateDraft, save_template
from commissions.statements.batches import start_batch
from commissions.statements.keeping import stored_name as pdf_name
from commissions.statements.services import issue_statement
from prm.events.services import Actor
from prm.jobs.files import private_root
from prm.money import Money
from tests.builders.objects import Cast, builds
from tests.builders.partners import a_partner

IBAN_IRELAND = "IE29AIBK93115212345678"
IBAN_GERMANY = "DE89370400440532013000"
_keys = count(1)
NOON = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)


def payable(partner_id: UUID, minor: int, currency: str = "EUR", *, at: datetime) -> Transfer:
    """Book an amount that is ready to be paid (below zero: one taken back), past its hold."""
    key = f"test:{next(_keys)}"
    expense, owed = (
        account_of(AccountKind.COMMISSION_EXPENSE, currency),
        account_of(AccountKind.PAYABLE, currency, partner_id),
    )
    debit, credit = (expense, owed) if minor > 0 else (owed, expense)
    return post_transfer(
        kind="accrual" if minor > 0 else "clawback",
        key=key,
        journal=key,
        debit=debit,
        credit=credit,
        amount=Money(abs(minor), currency),
        at=at,
        partner_id=partner_id,
    )


def bank_details(
    partner_id: UUID, *, at: datetime, number: str = IBAN_IRELAND, **fields: Any
) -> PayoutAccount:
    """Give a partner payout details that count at once."""
    details = PayoutDetails(
        **{
            "method": PayoutMethod.SEPA,
            "holder": "Brightwater Ltd",
            "number": number,
            "country": number[:2],
            **fields,
        }
    )
    return save_payout_details(
        partner_id=partner_id, details=details, actor=Actor(None), at=at - timedelta(days=30)
    )


def a_payee(
    name: str,
    minor: int,
    currency: str = "EUR",
    *,
    at: datetime,
    number: str = IBAN_IRELAND,
    **fields: Any,
) -> Any:
    """Make a partner with payout details and an amount ready to be paid."""
    partner = a_partner(name=name)
    bank_details(partner.id, at=at, number=number, **fields)
    payable(partner.id, minor, currency, at=at)
    return partner


def submitted_run(*, at: datetime, user_id: int | None = None, **fields: Any) -> PayoutRun:
    """Freeze everything payable into a run."""
    return submit_run(draft=RunDraft(pay_on=at.date(), **fields), actor=Actor(user_id), at=at)


def approved_run(*, at: datetime, approver_id: int, user_id: int | None = None) -> PayoutRun:
    """Freeze and approve a run."""
    run = submitted_run(at=at, user_id=user_id)
    return approve_run(run_id=run.id, digest=run.digest, actor=Actor(approver_id), at=at)


def exported_run(*, at: datetime, approver_id: int, user_id: int | None = None) -> PayoutRun:
    """Freeze, approve and export a run."""
    run = approved_run(at=at, approver_id=approver_id, user_id=user_id)
    return export_run(run_id=run.id, actor=Actor(approver_id), at=at)


def _bare_run(cast: Cast, state: str) -> PayoutRun:
    """Make a run with one payment of the cast's partner, in any state and without books behind it."""
    number = f"PR-{uuid4().hex[:12]}"
    run = PayoutRun.objects.create(
        number=number,
        state=state,
        cutoff_at=NOON,
        digest="0" * 64,
        prepared_by=cast.finance,
        prepared_at=NOON,
        pay_on=NOON.date(),
    )
    account = PayoutAccount.objects.filter(partner_id=cast.partner.id).first() or bank_details(
        cast.partner.id, at=NOON
    )
    Payout.objects.create(
        number=f"{number}-0001",
        run=run,
        partner_id=cast.partner.id,
        account=account,
        amount_minor=100,
        currency="EUR",
        line_count=0,
        state=state,
    )
    return run


@builds("payout_run")
def _payout_run(cast: Cast) -> UUID:
    return _bare_run(cast, "prepared").id


@builds("payout_run_with_files")
def _payout_run_with_files(cast: Cast) -> UUID:
    run = _bare_run(cast, "exported")
    stored = private_root() / stored_name(run, "csv")
    stored.parent.mkdir(parents=True, exist_ok=True)
    stored.write_text("Payment")
    return run.id


@builds("payout_template")
def _payout_template(cast: Cast) -> int:
    draft = TemplateDraft(uuid4().hex, [("number", "Reference"), ("amount", "Amount")])
    return save_template(draft=draft, actor=Actor(cast.finance.id), at=NOON).id


@builds("payout")
def _payout(cast: Cast) -> UUID:
    return Payout.objects.get(run=_bare_run(cast, "exported")).id


@builds("statement")
def _statement(cast: Cast) -> UUID:
    payable(cast.partner.id, 100, at=NOON)
    statement = issue_statement(
        partner_id=cast.partner.id, currency="EUR", until_on=NOON.date(), actor=Actor(None), at=NOON
    )
    target = private_root() / pdf_name(statement)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(b"%PDF-")
    return statement.id


@builds("statement_batch")
def _statement_batch(cast: Cast) -> UUID:
    return start_batch(until_on=NOON.date(), actor=Actor(cast.finance.id), at=NOON).id


@builds("calendar_secret")
def _calendar_secret(cast: Cast) -> str:
    feed = open_feed(partner_id=cast.partner.id, actor=Actor(cast.partner_admin.id), at=NOON)
    return secret_of(feed)
