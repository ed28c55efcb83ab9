"""What follows when agreements are published and signed: partners are asked, copies made, enrolments opened."""

from uuid import UUID

from django.db import transaction

from partners.agreements.models import Acceptance, AgreementVersion
from partners.agreements.services import ask_for_pdf
from partners.agreements.telling import signers, tell_signers
from partners.directory.models import Enrollment
from partners.directory.services import activate_enrollment
from prm.events.models import Event
from prm.events.services import SYSTEM
from prm.events.subscriptions import on
from prm.notices.services import notify


@on("agreement.published", name="agreements.ask_partners")
def ask_partners(event: Event) -> None:
    """Let the worker ask the program's partners, in chunks; a nightly sweep asks again those it missed."""
    from partners.agreements.tasks import tell_published  # noqa: PLC0415  tasks stand above services

    tenant_id, version_id = event.tenant_id, event.payload["version_id"]
    transaction.on_commit(
        lambda: tell_published.delay(tenant=tenant_id, version_id=version_id), robust=True
    )


@on("agreement.accepted", name="agreements.open_enrollment")
def open_enrollment(event: Event) -> None:
    """A partner that was approved works in the program from its signature on."""
    partner_id, program_id = UUID(event.payload["partner_id"]), UUID(event.payload["program_id"])
    if Enrollment.objects.filter(partner_id=partner_id, program_id=program_id).exists():
        activate_enrollment(partner_id=partner_id, program_id=program_id, actor=SYSTEM, at=event.at)


@on("agreement.accepted", name="agreements.make_copy")
def make_copy(event: Event) -> None:
    """Let the worker make the signed copy; the page asks again should the message be lost."""
    ask_for_pdf(Acceptance.objects.get(id=event.payload["acceptance_id"]))


@on("agreement.copy_made", name="agreements.send_copy")
def send_copy(event: Event) -> None:
    """The signer and the partner's other signers get the way to the copy."""
    acceptance = Acceptance.objects.select_related("version", "program").get(
        id=event.payload["acceptance_id"]
    )
    people = {user.id for user in signers(acceptance.partner_id)} | {acceptance.user_id}
    for user_id in sorted(people):
        notify(
            kind="agreement.copy",
            key=f"agreement-copy:{acceptance.id}",
            user_id=user_id,
            facts={
                "program": acceptance.program.name,
                "number": acceptance.version.number,
                "signer": acceptance.signer_name,
                "on": acceptance.accepted_at.date().isoformat(),
                "digest": acceptance.text_hash,
            },
            path=f"agreement/signed/{acceptance.id}/",
            partner_id=acceptance.partner_id,
            at=event.at,
        )


@on("agreement.reminded", name="agreements.tell_reminder")
def tell_reminder(event: Event) -> None:
    """The partner's signers are reminded."""
    version = AgreementVersion.objects.select_related("program").get(id=event.payload["version_id"])
    tell_signers(
        version,
        UUID(event.payload["partner_id"]),
        kind="agreement.reminded",
        key=f"agreement-reminder:{version.id}:{event.at.date().isoformat()}",
        at=event.at,
    )
