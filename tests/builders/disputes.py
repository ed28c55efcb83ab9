"""Builders of disputed lines."""

from datetime import datetime, timedelta
from uuid import UUID

from django.utils import timezone

from commissions.accruals.models import Accrual
from commissions.accruals.services import release_due
from commissions.ledger.selectors import tenant_zone
from commissions.statements.disputing import freeze, open_dispute
from commissions.statements.models import Dispute, Statement, StatementLine
from commissions.statements.services import issue_statement
from partners.directory.models import Partner
from prm.events.services import SYSTEM, Actor
from tests.builders.commissions import an_accrual
from tests.builders.objects import Cast, builds
from tests.builders.payouts import payable
from tests.builders.uploads import PDF, brought


def released(at: datetime, *, partner: Partner, deal_minor: int, company: str) -> Accrual:
    """Book a reward of 20 % of a deal, past its hold."""
    accrual = an_accrual(at, partner=partner, deal_minor=deal_minor, company=company)
    release_due(until=accrual.payable_at, at=at, accrual_ids=[accrual.id])
    return accrual


def stated(partner_id: UUID, at: datetime) -> Statement:
    """Issue the partner's statement of everything up to a moment's day in the tenant's zone."""
    day = at.astimezone(tenant_zone()).date()
    return issue_statement(partner_id=partner_id, currency="EUR", until_on=day, actor=SYSTEM, at=at)


def line_of(accrual: Accrual) -> StatementLine:
    """Return the line of a statement that shows a reward."""
    return StatementLine.objects.select_related("statement").get(transfer_id=accrual.transfer_id)


def disputed(line: StatementLine, *, at: datetime, user_id: int | None = None) -> Dispute:
    """Dispute a line as the partner does, and freeze its money as the worker does."""
    dispute = open_dispute(
        line=line,
        partner_id=line.partner_id,
        reason="The deal was larger",
        wanted_minor=25_000,
        evidence=brought(PDF, "invoice.pdf"),
        actor=Actor(user_id),
        at=at,
    )
    return freeze(dispute_id=dispute.id, at=at)


def _a_line(cast: Cast) -> StatementLine:
    at = timezone.now() - timedelta(days=2)
    payable(cast.partner.id, 100, at=at)
    statement = stated(cast.partner.id, at)
    return StatementLine.objects.select_related("statement").filter(statement=statement)[0]


@builds("statement_line")
def _statement_line(cast: Cast) -> int:
    return _a_line(cast).id


@builds("dispute")
def _dispute(cast: Cast) -> UUID:
    return disputed(_a_line(cast), at=timezone.now(), user_id=cast.partner_admin.id).id
