"""Take an import's rows away again, exactly those."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from partners.directory.models import Partner
from prm.accounts.models import Membership
from prm.events.services import Actor, emit
from prm.tenancy.scope import current_scope
from referrals.imports.hooks import UndoRefused, run_before_undo
from referrals.imports.models import Import, ImportState
from referrals.imports.reports import import_subject
from referrals.pipeline.models import Referral, ReferralNote, StageChange
from referrals.revenue.models import Customer, RevenueEvent

UNDOABLE = (ImportState.COMMITTED, ImportState.UNDOING, ImportState.COMMITTING, ImportState.FAILED)

# By their referrals, which have an index on the import; steps themselves have none.
_STEPS = """
delete from referrals_stage_change s using referrals_referral r
 where r.import_id = %(import)s and s.referral_id = r.id and s.tenant_id = r.tenant_id and s.import_id = %(import)s
"""
_ENROLLMENTS = """
delete from partners_enrollment e using partners_partner p
 where e.import_id = %(import)s and p.tenant_id = e.tenant_id and p.id = e.partner_id
   and p.import_id is distinct from %(import)s
   and not exists (select from referrals_referral r
                    where r.tenant_id = e.tenant_id and r.partner_id = e.partner_id and r.program_id = e.program_id)
"""


@transaction.atomic
def undo_import(*, import_id: UUID, actor: Actor, at: datetime) -> dict[str, Any]:
    """Remove every row the import made, in one transaction; return the counts.

    A partner it made stays when something else mentions it by now: other referrals, people, the books.
    A repeat writes nothing. Raises UndoRefused when people have worked on the rows, or when a hook forbids it.
    Emits import.undone.
    """
    source = Import.objects.select_for_update(no_key=True).get(id=import_id)
    if source.state == ImportState.UNDONE:
        return dict(source.commit_report.get("undone", {}))
    if source.state not in UNDOABLE:
        raise UndoRefused(_("This import has not been carried out."))
    _lock_rows(import_id)
    _refuse_when_worked_on(import_id)
    run_before_undo(import_id)
    with connection.cursor() as cursor:
        removed = {}
        for name, statement in (
            ("sales", "delete from referrals_revenue_event where import_id = %(import)s"),
            ("customers", "delete from referrals_customer where import_id = %(import)s"),
            ("stage_changes", _STEPS),
            ("referrals", "delete from referrals_referral where import_id = %(import)s"),
        ):
            cursor.execute(statement, {"import": import_id})
            removed[name] = cursor.rowcount
        cursor.execute(_ENROLLMENTS, {"import": import_id})
    removed["partners"], removed["partners_kept"] = _remove_partners(import_id)
    source.state, source.undone_at = ImportState.UNDONE, at
    source.commit_report = {**source.commit_report, "undone": removed}
    source.save(update_fields=["state", "undone_at", "commit_report"])
    emit(
        "import.undone",
        subject=import_subject(import_id),
        actor=actor,
        payload={"import_id": str(import_id), **removed},
        at=at,
    )
    return removed


def _lock_rows(import_id: UUID) -> None:
    """Wait for whoever works on the rows now, such as a commission being computed, and let nobody begin."""
    with connection.cursor() as cursor:
        for table in ("referrals_referral", "referrals_revenue_event"):
            cursor.execute(
                f"select count(*) from (select 1 from {table} where import_id = %s order by id for update) as held",  # noqa: S608
                [import_id],
            )


def _refuse_when_worked_on(import_id: UUID) -> None:
    """Look for what people did with the rows since; it would be lost."""
    mine = Referral.objects.filter(import_id=import_id)
    moved = StageChange.objects.filter(referral_id__in=mine.values("id"), import_id=None).count()
    noted = ReferralNote.objects.filter(referral_id__in=mine.values("id")).count()
    paid = RevenueEvent.objects.filter(
        customer_id__in=Customer.objects.filter(import_id=import_id).values("id"), import_id=None
    ).count()
    reasons = [
        ngettext(
            "%(count)s stage was changed since.", "%(count)s stages were changed since.", moved
        )
        % {"count": moved}
        if moved
        else "",
        ngettext("%(count)s note was written since.", "%(count)s notes were written since.", noted)
        % {"count": noted}
        if noted
        else "",
        ngettext(
            "%(count)s payment was booked since.", "%(count)s payments were booked since.", paid
        )
        % {"count": paid}
        if paid
        else "",
    ]
    if any(reasons):
        raise UndoRefused(
            " ".join([_("People have worked with the imported referrals."), *filter(None, reasons)])
        )


def _remove_partners(import_id: UUID) -> tuple[int, int]:
    """Remove the partners the import made that nothing mentions; return how many went and how many stay."""
    made = Partner.objects.filter(import_id=import_id)
    total = made.count()
    with_people = Membership.objects.filter(
        tenant_id=current_scope().tenant_id, partner_id__isnull=False
    ).values("partner_id")
    free = list(
        made.exclude(id__in=Referral.objects.values("partner_id"))
        .exclude(id__in=with_people)
        .values_list("id", flat=True)
    )
    if _try_remove(free):
        return len(free), total - len(free)
    gone = sum(_try_remove([partner_id]) for partner_id in free)
    return gone, total - gone


def _try_remove(partner_ids: list[UUID]) -> bool:
    """Remove partners with their enrolments; nothing happens when any of them is mentioned elsewhere."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "delete from partners_enrollment where partner_id = any(%s)", [partner_ids]
            )
            cursor.execute("delete from partners_partner where id = any(%s)", [partner_ids])
    except IntegrityError:
        return False
    return True
