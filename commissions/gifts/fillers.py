"""What rewards add elsewhere: their part of merges, their names in the audit trail."""

from collections.abc import Sequence

from django.urls import reverse

from commissions.gifts import merging  # noqa: F401  registers itself
from commissions.gifts.models import Gift, GiftAward
from prm.audit.subjects import Named, names


@names("gift")
def gift_names(ids: Sequence[str]) -> dict[str, Named]:
    """Return gifts by id: their title and page."""
    rows = Gift.objects.filter(id__in=ids).values_list("id", "title")
    return {
        str(key): Named(title, reverse("commissions:gift-detail", kwargs={"gift_id": key}))
        for key, title in rows
    }


@names("reward_in_kind", numbered=True)
def in_kind_names(ids: Sequence[str]) -> dict[str, Named]:
    """Return rewards for people by id: what was given for it, and its page."""
    rows = GiftAward.objects.filter(key__in=[f"spiff:{key}" for key in ids])
    return {
        award.key.removeprefix("spiff:"): Named(
            award.title, reverse("commissions:gift-award", kwargs={"award_id": award.id})
        )
        for award in rows
    }


@names("gift_award")
def award_names(ids: Sequence[str]) -> dict[str, Named]:
    """Return awards by id: what it is, and its page."""
    rows = GiftAward.objects.filter(id__in=ids).values_list("id", "title")
    return {
        str(key): Named(title, reverse("commissions:gift-award", kwargs={"award_id": key}))
        for key, title in rows
    }
