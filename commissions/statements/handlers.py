"""What follows when a statement is issued: its PDF is made, the partner's admins are told."""

from django.db import transaction

from commissions.statements.models import Statement
from prm.accounts.capabilities import Capability
from prm.accounts.selectors import members_with
from prm.events.models import Event
from prm.events.subscriptions import on
from prm.notices.services import notify


@on("statement.issued", name="statements.make_pdf")
def make_pdf(event: Event) -> None:
    """Let a worker make the PDF after the commit; the page asks again should the message be lost."""
    from commissions.statements.tasks import make_statement_pdf  # noqa: PLC0415  tasks stand above services

    statement_id, tenant_id = event.payload["statement_id"], event.tenant_id
    transaction.on_commit(
        lambda: make_statement_pdf.delay(tenant_id=tenant_id, statement_id=statement_id),
        robust=True,
    )


@on("statement.issued", name="statements.tell_partner")
def tell_partner(event: Event) -> None:
    """Tell the partner's admins."""
    statement = Statement.objects.get(id=event.payload["statement_id"])
    for user in members_with(
        Capability.MANAGE_PAYOUT_DETAILS, tenant_id=event.tenant_id, partner_id=statement.partner_id
    ):
        notify(
            kind="statement.ready",
            key=f"statement:{statement.id}",
            user_id=user.id,
            facts={
                "number": statement.number,
                "period_end": statement.period_end.isoformat(),
                "earned_minor": statement.earned_minor,
                "paid_minor": statement.paid_minor,
                "closing_minor": statement.closing_minor,
                "currency": statement.currency,
            },
            path=f"statements/{statement.id}/",
            partner_id=statement.partner_id,
            at=event.at,
        )
