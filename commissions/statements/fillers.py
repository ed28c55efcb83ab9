"""What statements are called in the audit trail."""

from collections.abc import Sequence

from django.urls import reverse

from commissions.statements.models import Dispute, Statement
from prm.accounts.capabilities import Capability
from prm.accounts.members import Member
from prm.audit.subjects import Named, names
from prm.web.counts import Counted, MenuCount, counts_menu


@names("statement")
def statement_names(ids: Sequence[str]) -> dict[str, Named]:
    """Return statements by id."""
    rows = Statement.objects.filter(id__in=ids).values_list("id", "number", "partner__name")
    return {
        str(key): Named(
            f"{number} {partner}",
            reverse("commissions:statement-detail", kwargs={"statement_id": key}),
        )
        for key, number, partner in rows
    }


@names("dispute")
def dispute_names(ids: Sequence[str]) -> dict[str, Named]:
    """Return disputes by id."""
    rows = Dispute.objects.filter(id__in=ids).values_list(
        "id", "statement__number", "partner__name"
    )
    return {
        str(key): Named(
            f"{number} {partner}",
            reverse("commissions:dispute-detail", kwargs={"dispute_id": key}),
        )
        for key, number, partner in rows
    }


@counts_menu("commissions:manage-statement-list")
def to_answer(member: Member) -> MenuCount | None:
    """Count the disputes that wait for an answer, for those who may give it."""
    if not member.may(Capability.KEEP_BOOKS):
        return None
    return MenuCount(Counted("select count(*) from commissions_dispute d where d.state = 'open'"))
