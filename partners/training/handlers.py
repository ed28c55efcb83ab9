"""Tell people about their certificates."""

from partners.training.models import Certificate
from prm.events.models import Event
from prm.events.subscriptions import on
from prm.notices.services import notify


@on("certificate.issued", name="training.tell_certificate")
def tell_certificate(event: Event) -> None:
    """Send the holder to the certificate."""
    _tell(event, "certificate.issued")


@on("certificate.revoked", name="training.tell_revoked")
def tell_revoked(event: Event) -> None:
    """Tell the holder that the certificate counts no more, and why."""
    _tell(event, "certificate.revoked")


def _tell(event: Event, kind: str) -> None:
    if not event.payload.get("user_id"):
        return
    certificate = Certificate.objects.get(id=event.payload["certificate_id"])
    notify(
        kind=kind,
        key=f"{kind}:{certificate.id}",
        user_id=event.payload["user_id"],
        facts={
            "course": certificate.course_title,
            "number": certificate.number,
            "reason": certificate.revoked_reason,
        },
        path=f"courses/{certificate.course_id}/",
        partner_id=certificate.partner_id,
        at=event.at,
    )
