"""What follows when terms change: partners are asked, and reminded by hand."""

from uuid import UUID

from django.db import transaction

from commissions.acceptances.telling import tell_people
from commissions.plans.models import PlanVersion
from prm.events.models import Event
from prm.events.subscriptions import on


@on("plan.version_published", name="acceptances.ask_partners")
def ask_partners(event: Event) -> None:
    """Let the worker ask the program's partners, in chunks; a nightly sweep asks again those it missed."""
    from commissions.acceptances.tasks import tell_published  # noqa: PLC0415  tasks stand above

    tenant_id, version_id = event.tenant_id, event.payload["version_id"]
    transaction.on_commit(
        lambda: tell_published.delay(tenant=tenant_id, version_id=version_id), robust=True
    )


@on("plan.reminded", name="acceptances.tell_reminder")
def tell_reminder(event: Event) -> None:
    """The partner's people are reminded."""
    version = PlanVersion.objects.select_related("program").get(id=event.payload["version_id"])
    tell_people(
        version,
        UUID(event.payload["partner_id"]),
        kind="plan.reminded",
        key=f"plan-reminder:{version.id}:{event.at.date().isoformat()}",
        at=event.at,
    )
