"""What the agreements put into places of the ground: the signed copy that goes with its mail."""

from uuid import UUID

from django.utils import timezone

from partners.agreements.models import Acceptance
from partners.agreements.paper import copy_name, keep_copy
from prm.notices.attachments import Attachment, attaches
from prm.notices.models import Mail


@attaches("agreement.copy")
def signed_copy(mail: Mail) -> Attachment:
    """Return the copy that the mail is about; one that was lost from the disk is made again."""
    acceptance_id = UUID(mail.key.split(":")[1])
    acceptance = Acceptance.objects.select_related("program", "version", "partner").get(
        id=acceptance_id
    )
    path = keep_copy(acceptance.id, at=timezone.now())
    return Attachment(copy_name(acceptance), path.read_bytes(), "application/pdf")
