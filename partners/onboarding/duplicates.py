"""What becomes of tracks and rewards when two partners turn out to be one."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F, Value
from django.db.models.functions import Concat
from django.utils.translation import gettext

from partners.onboarding.models import Entitlement, Run, StepDone


@transaction.atomic
def merge_onboarding(*, from_id: UUID, into_id: UUID, at: datetime) -> None:
    """Carry the runs and rewards of a duplicate over to the partner that stays; a repeat changes nothing.

    A track that both are on goes on where the remaining partner stands. A reward that both earned stays to be given
    once: the duplicate's row is kept as history, under a key of its own, closed with words.
    """
    mine = Run.objects.filter(partner_id=into_id).values("track_id")
    doubled = Run.objects.filter(partner_id=from_id, track_id__in=mine)
    doubled.filter(left_at=None).update(left_at=at)
    moving = list(
        Run.objects.filter(partner_id=from_id)
        .exclude(track_id__in=mine)
        .values_list("id", flat=True)
    )
    Run.objects.filter(id__in=moving).update(partner_id=into_id)
    StepDone.objects.filter(run_id__in=moving).update(partner_id=into_id)
    keys = Entitlement.objects.filter(partner_id=into_id).values("key")
    twice = Entitlement.objects.filter(
        partner_id=from_id, key__in=list(keys.values_list("key", flat=True))
    )
    twice.filter(fulfilled_at=None).update(
        fulfilled_at=at, fulfilment=gettext("Given once, with the partner this one was merged into")
    )
    twice.update(key=Concat(F("key"), Value(f"@{from_id}")))
    Entitlement.objects.filter(partner_id=from_id).update(partner_id=into_id)
