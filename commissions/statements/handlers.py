"""What follows when a statement is issued: its PDF is made, the partner's admins are told."""

from django.db import transaction

from commissions.statements.disputing import freeze, unfreeze
from commissions.statements.models import Dispute, Statement
from prm.accounts.capabilities import Capability
from prm.accounts.selectors import members_with
from prm.events.models import Event
from prm.events.subscriptions import on
from prm.notices.services import notify


@on("statement.issued", name="statements.make_pdf")
def make_pdf(event: Event) -> None:
    """Let a worker make the PDF after the commit; the page asks again should the message be lost.

    Of a batch nobody waits for ten thousand papers: each is made when somebody opens it.
    """
    if event.payload.get("run_id"):
        return
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


@on("statement.disputed", name="statements.freeze_line")
def freeze_line(event: Event) -> None:
    """Take what is ready to be paid of the line out of the next payout."""
    freeze(dispute_id=event.payload["dispute_id"], at=event.at)


@on("statement.dispute_withdrawn", name="statements.unfreeze_line")
def unfreeze_line(event: Event) -> None:
    """Let the line's money go again."""
    unfreeze(Dispute.objects.get(id=event.payload["dispute_id"]), at=event.at)


@on("statement.disputed", name="statements.tell_of_dispute")
def tell_of_dispute(event: Event) -> None:
    """Tell those who may answer."""
    dispute = _dispute(event)
    for user in members_with(Capability.KEEP_BOOKS, tenant_id=event.tenant_id):
        notify(
            kind="statement.disputed",
            key=f"disputed:{dispute.id}",
            user_id=user.id,
            facts={
                "partner": dispute.partner.name,
                "number": dispute.statement.number,
                "amount_minor": dispute.line.amount_minor,
                "currency": dispute.currency,
                "reason": dispute.reason,
            },
            path=f"disputes/{dispute.id}/",
            at=event.at,
        )


@on("statement.dispute_answered", name="statements.tell_answer")
def tell_answer(event: Event) -> None:
    """Tell the partner's people who see earnings."""
    dispute = _dispute(event)
    for user in members_with(
        Capability.SEE_EARNINGS, tenant_id=event.tenant_id, partner_id=dispute.partner_id
    ):
        notify(
            kind="statement.dispute_answered",
            key=f"dispute_answered:{dispute.id}",
            user_id=user.id,
            facts={
                "number": dispute.statement.number,
                "correction_minor": dispute.correction_minor,
                "currency": dispute.currency,
                "answer": dispute.answer,
            },
            path=f"disputes/{dispute.id}/",
            partner_id=dispute.partner_id,
            at=event.at,
        )


def _dispute(event: Event) -> Dispute:
    return Dispute.objects.select_related("line", "statement", "partner").get(
        id=event.payload["dispute_id"]
    )
