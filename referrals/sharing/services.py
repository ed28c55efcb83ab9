"""What partners share: links, codes and reviews; the program's rules for them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from partners.directory.models import Enrollment, Partner
from partners.directory.moves import tenant_day
from partners.programs.models import Program
from prm.events.services import Actor, emit
from referrals.sharing.models import (
    Coupon,
    Destination,
    Link,
    LinkSlug,
    PartnerReview,
    ReviewState,
    SharingRules,
)
from referrals.sharing.rules import (
    CAMPAIGN_LENGTH,
    CHANNEL_LENGTH,
    free_candidates,
    may_lead_to,
    normalised_code,
    slug_candidates,
    slug_is_free_of_rules,
    tidy_label,
)
from referrals.sharing.settings import FIELDS, sharing_rules
from referrals.sharing.targets import forget_targets

SUGGESTED = 3


class NotInProgram(ValueError):
    """The partner does not take part in the program today."""


class BadSlug(ValueError):
    """The address is too short or a word of the portal's own."""


class SlugTaken(ValueError):
    """Another link has, or had, this address; `suggestions` are free ones near it."""

    def __init__(self, slug: str, suggestions: list[str]) -> None:
        super().__init__(slug)
        self.suggestions = suggestions


class CodeTaken(ValueError):
    """Another code of the vendor reads the same."""


class BadDestination(ValueError):
    """The address is no plain web page."""


@dataclass(frozen=True)
class LinkFacts:
    """What a partner says of a link. destination_id: None leads to the partner's own page."""

    slug: str
    label: str = ""
    channel: str = ""
    campaign: str = ""
    destination_id: UUID | None = None


# ---------------------------------------------------------------- rules of a program
@transaction.atomic
def edit_sharing_rules(
    *, program_id: UUID, actor: Actor, at: datetime, **changed: Any
) -> SharingRules:
    """Change how a program's partners may share; fields that are not named stay. Emits sharing.rules_changed.

    changed: names of settings.FIELDS. A repeat writes nothing. What is stricter holds from now on, also for links
    that are out already; cookies keep the window under which they were set.
    """
    Program.objects.select_for_update(no_key=True).get(id=program_id)
    rules = sharing_rules(program_id)
    before = {name: getattr(rules, name) for name in FIELDS}
    changes = {
        name: [before[name], changed[name]]
        for name in FIELDS
        if name in changed and changed[name] != before[name]
    }
    if not changes:
        return rules
    for name, (_before, after) in changes.items():
        setattr(rules, name, after)
    rules.save()
    emit(
        "sharing.rules_changed",
        subject=f"program:{program_id}",
        actor=actor,
        payload={"program_id": str(program_id)},
        changes=changes,
        at=at,
    )
    transaction.on_commit(forget_targets)
    return rules


@transaction.atomic
def add_destination(
    *, program_id: UUID, label: str, url: str, actor: Actor, at: datetime
) -> Destination:
    """Let a program's links lead to one more page. A repeat returns the first. Raises BadDestination.

    Emits sharing.destination_added.
    """
    if not may_lead_to(url):
        raise BadDestination(url)
    found = Destination.objects.filter(program_id=program_id, url=url, retired_at=None).first()
    if found:
        return found
    made = Destination.objects.create(program_id=program_id, label=label.strip(), url=url)
    emit(
        "sharing.destination_added",
        subject=f"program:{program_id}",
        actor=actor,
        payload={"destination_id": str(made.id)},
        changes={"url": ["", url]},
        at=at,
        queue=False,
    )
    return made


@transaction.atomic
def retire_destination(*, destination_id: UUID, actor: Actor, at: datetime) -> None:
    """Take a page off the list; links that led there lead to their partner's own page.

    A repeat does nothing. Emits sharing.destination_retired.
    """
    row = Destination.objects.select_for_update(no_key=True).get(id=destination_id)
    if row.retired_at:
        return
    row.retired_at = at
    row.save(update_fields=["retired_at"])
    emit(
        "sharing.destination_retired",
        subject=f"program:{row.program_id}",
        actor=actor,
        payload={"destination_id": str(row.id)},
        changes={"url": [row.url, ""]},
        at=at,
        queue=False,
    )
    transaction.on_commit(forget_targets)


# ---------------------------------------------------------------- links
@transaction.atomic
def add_link(
    *, partner_id: UUID, program_id: UUID, facts: LinkFacts, actor: Actor, at: datetime
) -> Link:
    """Make a link under an address of the partner's choice; a repeat finds the address taken.

    Raises NotInProgram, BadSlug, SlugTaken with free addresses near it. Emits link.added.
    """
    must_take_part(partner_id, program_id, at)
    if not slug_is_free_of_rules(facts.slug):
        raise BadSlug(facts.slug)
    link = Link.objects.create(
        partner_id=partner_id,
        program_id=program_id,
        slug=facts.slug,
        **_facts(facts, program_id),
        created_by_id=actor.user_id,
        created_at=at,
    )
    _take_slug(link, facts, at)
    _tell("link.added", link, actor, at)
    return link


@transaction.atomic
def change_link(*, link_id: UUID, facts: LinkFacts, actor: Actor, at: datetime) -> Link:
    """Change a link; an address that it had leads to it for ever. A repeat writes nothing.

    Raises BadSlug, SlugTaken. Emits link.changed.
    """
    link = Link.objects.select_for_update(no_key=True).get(id=link_id)
    if facts.slug != link.slug:
        if not slug_is_free_of_rules(facts.slug):
            raise BadSlug(facts.slug)
        if not LinkSlug.objects.filter(slug=facts.slug, link=link).exists():
            _take_slug(link, facts, at)
    told = {"slug": facts.slug, **_facts(facts, link.program_id)}
    changes = {
        name: [str(getattr(link, name) or ""), str(value or "")]
        for name, value in told.items()
        if getattr(link, name) != value
    }
    if not changes:
        return link
    for name, value in told.items():
        setattr(link, name, value)
    link.save(update_fields=list(told))
    _tell("link.changed", link, actor, at, changes=changes)
    transaction.on_commit(forget_targets)
    return link


@transaction.atomic
def retire_link(*, link_id: UUID, actor: Actor, at: datetime) -> Link:
    """End a link: who follows it reads that it has ended, and no click counts; its address stays taken.

    A repeat does nothing. Emits link.retired.
    """
    link = Link.objects.select_for_update(no_key=True).get(id=link_id)
    if link.retired_at is None:
        link.retired_at = at
        link.save(update_fields=["retired_at"])
        _tell("link.retired", link, actor, at)
        transaction.on_commit(forget_targets)
    return link


def must_take_part(partner_id: UUID, program_id: UUID, at: datetime) -> None:
    """Raise NotInProgram unless the partner is enrolled in the open program today."""
    enrolled = Enrollment.objects.open_on(tenant_day(at)).filter(
        partner_id=partner_id, program_id=program_id, program__closed_at=None
    )
    if not enrolled.exists():
        raise NotInProgram(f"partner {partner_id} in program {program_id}")


def _facts(facts: LinkFacts, program_id: UUID) -> dict[str, Any]:
    allowed = Destination.objects.filter(program_id=program_id, retired_at=None)
    is_allowed = facts.destination_id and allowed.filter(id=facts.destination_id).exists()
    return {
        "label": facts.label.strip(),
        "channel": tidy_label(facts.channel, CHANNEL_LENGTH),
        "campaign": tidy_label(facts.campaign, CAMPAIGN_LENGTH),
        "destination_id": facts.destination_id if is_allowed else None,
    }


def _take_slug(link: Link, facts: LinkFacts, at: datetime) -> None:
    try:
        with transaction.atomic():
            LinkSlug.objects.create(slug=facts.slug, link=link, at=at)
    except IntegrityError as error:
        name = Partner.objects.values_list("name", flat=True).get(id=link.partner_id)
        candidates = slug_candidates(facts.slug, [facts.channel, name, facts.campaign])
        taken = LinkSlug.objects.filter(slug__in=candidates).values_list("slug", flat=True)
        raise SlugTaken(facts.slug, free_candidates(candidates, set(taken), SUGGESTED)) from error


def _tell(
    name: str, link: Link, actor: Actor, at: datetime, changes: dict[str, list[Any]] | None = None
) -> None:
    emit(
        name,
        subject=f"link:{link.id}",
        actor=actor,
        partner_id=link.partner_id,
        payload={"link_id": str(link.id), "program_id": str(link.program_id)},
        changes=changes,
        at=at,
        queue=False,
    )


# ---------------------------------------------------------------- codes
@dataclass(frozen=True)
class CouponFacts:
    """What a code is. ends_at: exclusive. reward_basis_points: hundredths of a percent, of a percentage only."""

    code: str
    starts_at: datetime
    ends_at: datetime | None = None
    uses_max: int | None = None
    reward_kind: str = "none"
    reward_text: str = ""
    reward_basis_points: int | None = None


@transaction.atomic
def add_coupon(
    *, partner_id: UUID, program_id: UUID, facts: CouponFacts, actor: Actor, at: datetime
) -> Coupon:
    """Make a code that belongs to one partner. Case, blanks and hyphens do not tell two codes apart.

    Raises NotInProgram, CodeTaken. Emits coupon.added.
    """
    must_take_part(partner_id, program_id, at)
    try:
        with transaction.atomic():
            coupon = Coupon.objects.create(
                partner_id=partner_id,
                program_id=program_id,
                code=facts.code.strip().upper(),
                code_norm=normalised_code(facts.code),
                reward_kind=facts.reward_kind,
                reward_text=facts.reward_text.strip(),
                reward_basis_points=facts.reward_basis_points,
                starts_at=facts.starts_at,
                ends_at=facts.ends_at,
                uses_max=facts.uses_max,
                created_by_id=actor.user_id,
                created_at=at,
            )
    except IntegrityError as error:
        raise CodeTaken(facts.code) from error
    _tell_coupon("coupon.added", coupon, actor, at)
    return coupon


@transaction.atomic
def retire_coupon(*, coupon_id: UUID, actor: Actor, at: datetime) -> Coupon:
    """End a code; nobody else may take it afterwards. A repeat does nothing. Emits coupon.retired."""
    coupon = Coupon.objects.select_for_update(no_key=True).get(id=coupon_id)
    if coupon.retired_at is None:
        coupon.retired_at = at
        coupon.save(update_fields=["retired_at"])
        _tell_coupon("coupon.retired", coupon, actor, at)
    return coupon


def _tell_coupon(name: str, coupon: Coupon, actor: Actor, at: datetime) -> None:
    emit(
        name,
        subject=f"coupon:{coupon.id}",
        actor=actor,
        partner_id=coupon.partner_id,
        payload={"coupon_id": str(coupon.id), "program_id": str(coupon.program_id)},
        at=at,
        queue=False,
    )


# ---------------------------------------------------------------- reviews
@dataclass(frozen=True)
class ReviewFacts:
    """What a customer said. consent_text: what the author agreed to, as it was worded."""

    author_name: str
    text: str
    consent_text: str
    author_role: str = ""
    rating: int | None = None
    language: str = ""


@transaction.atomic
def add_review(
    *, partner_id: UUID, facts: ReviewFacts, actor: Actor, at: datetime
) -> PartnerReview:
    """Keep a review until the vendor approves it; nobody reads it before. Emits review.added."""
    review = PartnerReview.objects.create(
        partner_id=partner_id,
        author_name=facts.author_name.strip(),
        author_role=facts.author_role.strip(),
        rating=facts.rating,
        text=facts.text.strip(),
        language=facts.language,
        consent_text=facts.consent_text,
        consented_at=at,
        written_by_id=actor.user_id,
        created_at=at,
    )
    _tell_review("review.added", review, actor, at)
    return review


@transaction.atomic
def decide_review(
    *, review_id: UUID, approve: bool, reason: str, actor: Actor, at: datetime
) -> PartnerReview:
    """Show a review on the partner's pages, or not; may be decided again.

    A repeat does nothing. Emits review.decided.
    """
    review = PartnerReview.objects.select_for_update(no_key=True).get(id=review_id)
    state = ReviewState.APPROVED if approve else ReviewState.DECLINED
    if review.state == state:
        return review
    review.state, review.reason = state, "" if approve else reason.strip()
    review.decided_by_id, review.decided_at = actor.user_id, at
    review.save(update_fields=["state", "reason", "decided_by", "decided_at"])
    _tell_review("review.decided", review, actor, at)
    return review


@transaction.atomic
def remove_review(*, review_id: UUID, actor: Actor, at: datetime) -> None:
    """Take a review away for good, as its author may ask. A repeat does nothing. Emits review.removed."""
    review = PartnerReview.objects.select_for_update().filter(id=review_id).first()
    if review:
        _tell_review("review.removed", review, actor, at)
        review.delete()


def _tell_review(name: str, review: PartnerReview, actor: Actor, at: datetime) -> None:
    emit(
        name,
        subject=f"review:{review.id}",
        actor=actor,
        partner_id=review.partner_id,
        payload={"review_id": str(review.id), "state": review.state},
        at=at,
    )
