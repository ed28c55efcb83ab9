"""What a lead tells of who reached its company: every click that still counts, the form or the code."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from referrals.attribution.services import record_touch
from referrals.claims.selectors import account_key
from referrals.pipeline.models import Referral
from referrals.sharing.models import Link
from referrals.sharing.rules import Remembered


def note_touches(
    *,
    referral: Referral,
    via: str,
    clicks: Sequence[Remembered],
    code_id: UUID | None,
    at: datetime,
) -> None:
    """Note the contacts that a lead proves, each once: remembered clicks at their moments, then the form or the code.

    clicks: those of the program that are within its window; the partner of each is the link's.
    """
    key = account_key(referral)
    links = {link.id: link for link in Link.objects.filter(id__in=[row.link_id for row in clicks])}
    for click in clicks:
        if link := links.get(click.link_id):
            record_touch(
                kind="click",
                account_key=key,
                partner_id=link.partner_id,
                program_id=link.program_id,
                link_id=link.id,
                referral_id=referral.id,
                at=click.at,
                key=f"click:{referral.id}:{link.id}:{int(click.at.timestamp())}",
            )
    record_touch(
        kind="coupon" if code_id else "form",
        account_key=key,
        partner_id=referral.partner_id,
        program_id=referral.program_id,
        link_id=referral.link_id,
        referral_id=referral.id,
        facts={"via": via, **({"coupon_id": str(code_id)} if code_id else {})},
        at=at,
        key=f"lead:{referral.id}",
    )
