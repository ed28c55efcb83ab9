"""Issue statements: every movement of a partner on exactly one, numbered without gaps, never changed."""

import json
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from commissions.ledger.services import lock_balances
from commissions.sealing import VERSION, seal_staged
from commissions.statements.gathering import (
    BooksAt,
    Gathered,
    books_at,
    describe_staged,
    holds_at,
    stage_lines,
    write_staged,
)
from commissions.statements.models import Statement
from commissions.statements.taxing import tax_facts
from commissions.tax.letterheads import keep_logo
from partners.directory.models import Partner
from prm.events.services import Actor, emit
from prm.tenancy.models import Tenant
from prm.tenancy.scope import current_scope
from prm.tenancy.services import next_number


class NothingToState(ValueError):
    """Nothing moved since the partner's last statement."""


class PeriodAlreadyStated(ValueError):
    """A statement up to a later day exists already; late facts go onto the next one."""


class BooksDisagree(RuntimeError):
    """The statement would not close at what the ledger says; nothing is issued until that is understood."""


@transaction.atomic
def issue_statement(
    *,
    partner_id: UUID,
    currency: str,
    until_on: date,
    actor: Actor,
    at: datetime,
    run_id: UUID | None = None,
) -> Statement:
    """Issue the partner's next statement in a currency, with everything booked up to a day.

    until_on: inclusive, in the tenant's zone.

    Opening is the previous closing; a late fact of an earlier day is a line of this one (RULES.md, L11).
    A repeat for the same day with nothing new returns the last statement, for the same run the run's statement.
    Raises NothingToState, PeriodAlreadyStated, BooksDisagree. Emits statement.issued.
    """
    lock_balances(partner_ids=[partner_id], currency=currency)
    issued = Statement.objects.filter(partner_id=partner_id, currency=currency)
    if run_id and (first := issued.filter(run_id=run_id).first()):
        return first
    last = issued.order_by("-position").first()
    if last and last.period_end > until_on:
        raise PeriodAlreadyStated(last.number)
    gathered = stage_lines(partner_id=partner_id, currency=currency, until_on=until_on)
    if not gathered.line_count:
        if last and last.period_end == until_on:
            return last
        raise NothingToState(f"{partner_id} {currency}")
    statement = _statement(partner_id, currency, until_on, last, gathered, at=at, run_id=run_id)
    write_staged(statement_id=statement.id, partner_id=partner_id)
    emit(
        "statement.issued",
        subject=f"statement:{statement.id}",
        actor=actor,
        partner_id=partner_id,
        payload={
            "statement_id": str(statement.id),
            "closing_minor": statement.closing_minor,
            "currency": currency,
            # Of many at once the papers are made when somebody wants them.
            **({"run_id": str(run_id)} if run_id else {}),
        },
        at=at,
    )
    return statement


def _statement(
    partner_id: UUID,
    currency: str,
    until_on: date,
    last: Statement | None,
    gathered: Gathered,
    *,
    at: datetime,
    run_id: UUID | None,
) -> Statement:
    opening = last.closing_minor if last else 0
    closing = opening + gathered.earned_minor + gathered.adjusted_minor - gathered.paid_minor
    books = books_at(partner_id=partner_id, currency=currency, until_on=until_on)
    if books.owed_minor != closing:
        raise BooksDisagree(
            f"{partner_id} {currency}: statement {closing}, ledger {books.owed_minor}"
        )
    describe_staged(partner_id=partner_id, currency=currency, until_on=until_on)
    facts: dict[str, Any] = {
        "partner_id": partner_id,
        "currency": currency,
        "position": last.position + 1 if last else 1,
        "period_start": _period_start(last, gathered, until_on),
        "period_end": until_on,
        "opening_minor": opening,
        "earned_minor": gathered.earned_minor,
        "adjusted_minor": gathered.adjusted_minor,
        "paid_minor": gathered.paid_minor,
        "closing_minor": closing,
        "line_count": gathered.line_count,
        "on_hold_minor": books.on_hold_minor,
        "payable_minor": books.payable_minor,
        "issued_at": at,
    }
    parties = _parties(partner_id, currency, until_on, books)
    since = last.issued_at if last else None
    if tax := tax_facts(partner_id=partner_id, currency=currency, since=since, until_on=until_on):
        parties["tax"] = tax
    # The number comes last: it is locked until the commit, and other workers wait for theirs.
    month = f"{until_on:%Y-%m}"
    facts["number"] = f"ST-{month}-{next_number(f'statement:{month}'):04d}"
    return Statement.objects.create(
        **facts,
        parties=parties,
        digest=seal_staged(**facts, parties=json.dumps(parties)),
        digest_version=VERSION,
        run_id=run_id,
    )


def _period_start(last: Statement | None, gathered: Gathered, until_on: date) -> date:
    if last:
        # Two statements on one day: the second covers that day alone.
        return min(last.period_end + timedelta(days=1), until_on)
    first_on = gathered.first_on or until_on
    return min(first_on, until_on).replace(day=1)


def _parties(partner_id: UUID, currency: str, until_on: date, books: BooksAt) -> dict[str, Any]:
    """Return both sides as they are now, so that the paper can be printed again unchanged."""
    tenant = Tenant.objects.defer("logo").get(id=current_scope().tenant_id)
    partner = Partner.objects.get(id=partner_id)
    holds = holds_at(
        partner_id=partner_id, currency=currency, until_on=until_on, zone=tenant.time_zone
    )
    on_hold = books.on_hold_minor - books.disputed_minor
    return {
        "to": {
            "name": partner.legal_name or partner.name,
            "address": partner.address,
            "country": partner.country,
            "tax_number": partner.tax_number,
        },
        "by": {
            "name": tenant.legal_name or tenant.name,
            "brand": tenant.name,
            "address": tenant.legal_address,
            "country": tenant.country,
            "tax_number": tenant.tax_number,
            "support_email": tenant.support_email,
            "accent": tenant.accent,
            "accent_foreground": tenant.accent_foreground,
            "logo": keep_logo(tenant),
        },
        "language": tenant.language,
        "time_zone": tenant.time_zone,
        "in_payout_minor": books.in_payout_minor,
        "disputed_minor": books.disputed_minor,
        # Only what adds up to the balance on hold is listed by day.
        "holds": holds if sum(amount for _, amount in holds) == on_hold else [],
    }
