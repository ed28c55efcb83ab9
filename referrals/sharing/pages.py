"""Partners' landing pages: written by the partner, approved by the vendor where the program says so, public."""

from dataclasses import asdict
from datetime import datetime
from typing import IO
from uuid import UUID

from django.db import IntegrityError, transaction

from partners.directory.models import Partner
from prm.events.services import Actor, emit
from prm.uploads.rules import PICTURES
from prm.uploads.services import keep_upload
from referrals.sharing.models import LandingPage, PageSlug, PageState
from referrals.sharing.rules import (
    PageTexts,
    free_candidates,
    normalised_slug,
    slug_candidates,
    slug_is_free_of_rules,
)
from referrals.sharing.services import SUGGESTED, BadSlug, SlugTaken, must_take_part
from referrals.sharing.settings import sharing_rules
from referrals.sharing.targets import forget_targets

PICTURE_BYTES = 5_000_000
PURPOSE = "sharing.page"


class NotWaiting(ValueError):
    """The page is not one that waits for an answer; somebody else answered, or the partner took it back."""


@transaction.atomic
def save_page(
    *,
    partner_id: UUID,
    program_id: UUID,
    texts: PageTexts,
    picture: IO[bytes] | None,
    actor: Actor,
    at: datetime,
    slug: str = "",
) -> LandingPage:
    """Keep what a partner writes on its page in a program; visitors go on reading what is public.

    picture: a photo or logo, made anew; None keeps the one that is there. slug: another address, from now on; the one
    before leads there; empty keeps it. Raises NotInProgram, UploadRefused, BadSlug, SlugTaken.
    Emits landing_page.changed.
    """
    must_take_part(partner_id, program_id, at)
    page = _page(partner_id, program_id, at)
    if slug and slug != page.slug:
        _move(page, slug, at)
    page.draft = asdict(texts)
    if picture is not None:
        page.draft_picture = keep_upload(
            file=picture,
            purpose=PURPOSE,
            allowed=PICTURES,
            max_bytes=PICTURE_BYTES,
            partner_id=partner_id,
            actor=actor,
            at=at,
        )
    page.save(update_fields=["draft", "draft_picture"])
    _tell("landing_page.changed", page, actor, at)
    return page


@transaction.atomic
def send_page(*, page_id: UUID, actor: Actor, at: datetime) -> LandingPage:
    """Make the page public as it is written, or ask the vendor first where the program wants that.

    What was public stays so until the answer. Emits landing_page.sent or landing_page.published.
    """
    page = LandingPage.objects.select_for_update(no_key=True).get(id=page_id)
    if sharing_rules(page.program_id).approve_pages:
        page.state, page.sent_at, page.reason = PageState.WAITING, at, ""
        page.save(update_fields=["state", "sent_at", "reason"])
        _tell("landing_page.sent", page, actor, at)
        return page
    _publish(page, at)
    _tell("landing_page.published", page, actor, at)
    return page


@transaction.atomic
def decide_page(
    *, page_id: UUID, approve: bool, reason: str, actor: Actor, at: datetime
) -> LandingPage:
    """Answer a page that waits: make it public, or ask for changes with a reason the partner reads.

    Raises NotWaiting. Emits landing_page.published or landing_page.declined.
    """
    page = LandingPage.objects.select_for_update(no_key=True).get(id=page_id)
    if page.state != PageState.WAITING:
        raise NotWaiting(str(page_id))
    page.decided_by_id = actor.user_id
    if approve:
        _publish(page, at)
    else:
        page.state, page.reason = PageState.DECLINED, reason.strip()
    page.save(update_fields=["state", "reason", "decided_by"])
    _tell("landing_page.published" if approve else "landing_page.declined", page, actor, at)
    return page


@transaction.atomic
def take_page_down(*, page_id: UUID, actor: Actor, at: datetime) -> LandingPage:
    """Take a page from the public; its links lead to the program's form. A repeat does nothing.

    Emits landing_page.taken_down.
    """
    page = LandingPage.objects.select_for_update(no_key=True).get(id=page_id)
    if page.state != PageState.OFF:
        page.state = PageState.OFF
        page.save(update_fields=["state"])
        _tell("landing_page.taken_down", page, actor, at)
        transaction.on_commit(forget_targets)
    return page


def _publish(page: LandingPage, at: datetime) -> None:
    page.live, page.live_picture_id = page.draft, page.draft_picture_id
    page.state, page.reason, page.published_at = PageState.LIVE, "", at
    page.save(update_fields=["live", "live_picture", "state", "reason", "published_at"])
    transaction.on_commit(forget_targets)


def _move(page: LandingPage, slug: str, at: datetime) -> None:
    """Give a page another address; the old one stays its own, and one that it had before is taken back."""
    if not slug_is_free_of_rules(slug):
        raise BadSlug(slug)
    PageSlug.objects.filter(slug=slug, page=page).delete()
    if PageSlug.objects.filter(slug=slug).exists():
        raise SlugTaken(slug, _free_near(slug, page))
    left, page.slug = page.slug, slug
    try:
        with transaction.atomic():
            page.save(update_fields=["slug"])
            PageSlug.objects.create(slug=left, page=page, at=at)
    except IntegrityError as error:
        page.slug = left
        raise SlugTaken(slug, _free_near(slug, page)) from error
    transaction.on_commit(forget_targets)


def _free_near(slug: str, page: LandingPage) -> list[str]:
    """Return addresses to offer; another partner's page is out of sight here, and found out by the next try."""
    name = Partner.objects.values_list("name", flat=True).get(id=page.partner_id)
    candidates = slug_candidates(slug, [name])
    taken = {
        *LandingPage.objects.filter(slug__in=candidates).values_list("slug", flat=True),
        *PageSlug.objects.filter(slug__in=candidates).values_list("slug", flat=True),
    }
    return free_candidates(candidates, taken, SUGGESTED)


def _page(partner_id: UUID, program_id: UUID, at: datetime) -> LandingPage:
    page = (
        LandingPage.objects.select_for_update(no_key=True)
        .filter(partner_id=partner_id, program_id=program_id)
        .first()
    )
    if page is not None:
        return page
    name = Partner.objects.values_list("name", flat=True).get(id=partner_id)
    stem = normalised_slug(name)
    wanted = [stem] if slug_is_free_of_rules(stem) else []
    # Another partner's address is out of sight for this one: only the insert can tell.
    for slug in [*wanted, *slug_candidates(stem or "partner", ["page"])]:
        try:
            with transaction.atomic():
                return LandingPage.objects.create(
                    partner_id=partner_id, program_id=program_id, slug=slug, created_at=at
                )
        except IntegrityError:
            continue
    raise IntegrityError(f"no address near {stem} is free")


def _tell(name: str, page: LandingPage, actor: Actor, at: datetime) -> None:
    emit(
        name,
        subject=f"landing_page:{page.id}",
        actor=actor,
        partner_id=page.partner_id,
        payload={"page_id": str(page.id), "program_id": str(page.program_id)},
        at=at,
    )
