"""Partners' codes: found however they are written, used by leads and by customers who pay, counted once each."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q

from partners.directory.models import Partner
from prm.events.services import Actor, emit
from referrals.attribution.models import Touch
from referrals.attribution.services import record_touch
from referrals.claims.selectors import account_key
from referrals.pipeline.models import Referral
from referrals.revenue.codes import CodeResult, CodeTold, takes_codes
from referrals.sharing.models import Coupon, Lead, Via
from referrals.sharing.rules import normalised_code


class CouponNotUsable(ValueError):
    """No such code, or it is not valid now, or used up."""


def find_coupon(*, code: str, program_id: UUID, at: datetime) -> Coupon | None:
    """Return the code that may be used in the program at this moment, however it is written; else None."""
    coupon = (
        Coupon.objects.filter(
            code_norm=normalised_code(code), program_id=program_id, starts_at__lte=at
        )
        .filter(Q(retired_at=None) | Q(retired_at__gt=at))
        .first()
    )
    if coupon is None or (coupon.ends_at is not None and coupon.ends_at <= at):
        return None
    used_up = coupon.uses_max is not None and coupon.use_count >= coupon.uses_max
    return None if used_up else coupon


def count_use(coupon: Coupon) -> None:
    """Count one more use; two that want the last one wait here, and the second raises CouponNotUsable."""
    left = Coupon.objects.filter(id=coupon.id).exclude(
        uses_max__isnull=False, use_count__gte=F("uses_max")
    )
    if not left.update(use_count=F("use_count") + 1):
        raise CouponNotUsable(coupon.code)


@takes_codes
@transaction.atomic
def use_code(
    referral_id: UUID, code: str, used_at: datetime, actor: Actor, at: datetime
) -> CodeTold:
    """Note the code that a referral's customer gave otherwise than on a form; whose it is, is told.

    used_at: when the customer gave it, at: now; aware UTC. Another partner's code is kept as a contact for who decides
    on the credit, which stays. A repeat with the same code counts nothing. Emits coupon.used when it is counted.
    """
    referral = Referral.objects.select_for_update(no_key=True).get(id=referral_id)
    lead = Lead.objects.filter(referral=referral).select_related("coupon").first()
    known = lead.coupon if lead else None
    if known is not None and known.code_norm == normalised_code(code):
        return _told(known, CodeResult.THERE_ALREADY)
    coupon = find_coupon(code=code, program_id=referral.program_id, at=used_at)
    if coupon is None:
        return CodeTold(code, CodeResult.UNKNOWN)
    if known is not None and coupon.partner_id == referral.partner_id:
        return _told(coupon, CodeResult.SECOND)
    try:
        with transaction.atomic():
            is_new = _note(coupon, referral, lead, used_at)
    except CouponNotUsable:
        return CodeTold(code, CodeResult.UNKNOWN)
    if is_new:
        emit(
            "coupon.used",
            subject=f"coupon:{coupon.id}",
            actor=actor,
            partner_id=coupon.partner_id,
            payload={"coupon_id": str(coupon.id), "referral_id": str(referral.id)},
            at=at,
        )
    if coupon.partner_id != referral.partner_id:
        return _told(coupon, CodeResult.OTHER_PARTNER)
    return _told(coupon, CodeResult.COUNTED)


def _note(coupon: Coupon, referral: Referral, lead: Lead | None, used_at: datetime) -> bool:
    """Keep the use as a contact and, for the referral's own partner, as how it came; tell whether it is new."""
    key = f"code:{referral.id}:{coupon.id}"
    # The referral is locked: nobody else notes its codes meanwhile.
    is_new = not Touch.objects.filter(key=key).exists()
    record_touch(
        kind="coupon",
        account_key=account_key(referral),
        partner_id=coupon.partner_id,
        program_id=referral.program_id,
        referral_id=referral.id,
        facts={"via": Via.COUPON.value, "coupon_id": str(coupon.id)},
        at=used_at,
        key=key,
    )
    if coupon.partner_id == referral.partner_id:
        _belongs(coupon, referral, lead, used_at)
    if is_new:
        count_use(coupon)
    return is_new


def _belongs(coupon: Coupon, referral: Referral, lead: Lead | None, used_at: datetime) -> None:
    if lead is not None:
        lead.coupon = coupon
        lead.save(update_fields=["coupon"])
        return
    Lead.objects.create(
        referral=referral,
        partner_id=coupon.partner_id,
        coupon=coupon,
        via=Via.COUPON,
        at=used_at,
    )


def _told(coupon: Coupon, result: CodeResult) -> CodeTold:
    name = Partner.objects.values_list("name", flat=True).get(id=coupon.partner_id)
    return CodeTold(coupon.code, result, name)
