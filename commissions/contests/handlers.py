"""Who is told of contests: every partner of the program when one begins, changes or ends, winners of their prize."""

from collections.abc import Iterator
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils import translation

from commissions.contests.models import Contest, ContestChange, ContestPlace
from commissions.contests.selectors import TAKING_PART
from commissions.contests.wording import prize_text, span_text
from partners.directory.models import Enrollment
from prm.accounts.capabilities import Capability
from prm.accounts.models import User
from prm.accounts.selectors import members_with
from prm.events.models import Event
from prm.events.subscriptions import on
from prm.notices.services import notify
from prm.tenancy.models import Tenant
from prm.tenancy.scope import current_scope


@on("contest.published", name="contests.tell_published")
def tell_published(event: Event) -> None:
    """Announce the contest."""
    _tell_all(event, "contest.published")


@on("contest.changed", name="contests.tell_changed")
def tell_changed(event: Event) -> None:
    """Tell of a new version, and why."""
    contest_id = event.payload["contest_id"]
    newest = ContestChange.objects.filter(contest_id=contest_id).order_by("-version").first()
    _tell_all(event, "contest.changed", reason=newest.reason if newest else "")


@on("contest.cancelled", name="contests.tell_cancelled")
def tell_cancelled(event: Event) -> None:
    """Tell that nobody wins, and why; of a draft nobody has known."""
    contest = _contest(event)
    if contest.published_at:
        _tell_all(event, "contest.changed", reason=contest.cancel_reason, cancelled=True)


@on("contest.won", name="contests.tell_won")
def tell_won(event: Event) -> None:
    """Tell a winner of its prize."""
    contest, partner_id = _contest(event), UUID(event.payload["partner_id"])
    place = ContestPlace.objects.select_related("prize").get(
        contest_id=contest.id, partner_id=partner_id
    )
    if place.prize:
        prize = prize_text(place.prize, contest.currency)
        _notify(event, contest, "contest.won", [partner_id], prize=prize)


def _tell_all(event: Event, kind: str, **more: object) -> None:
    contest = _contest(event)
    partners = Enrollment.objects.filter(
        program_id=contest.program_id, state__in=TAKING_PART
    ).values_list("partner_id", flat=True)
    _notify(event, contest, kind, list(partners), **more)


def _notify(
    event: Event, contest: Contest, kind: str, partner_ids: list[UUID], **more: object
) -> None:
    """Queue one notice per person, the days in the language of each."""
    tenant = Tenant.objects.get(id=current_scope().tenant_id)
    zone = ZoneInfo(tenant.time_zone)
    called_off = more.get("cancelled")
    for partner_id, user in _people(tenant.id, partner_ids):
        with translation.override(user.language or tenant.language):
            span = span_text(contest, zone)
        notify(
            kind=kind,
            key=f"{event.name}:{event.id}",
            user_id=user.id,
            facts={"title": contest.title, "span": span, **more},
            path="contests/" if called_off else f"contests/{contest.id}/",
            partner_id=partner_id,
            at=event.at,
        )


def _people(tenant_id: int, partner_ids: list[UUID]) -> Iterator[tuple[UUID, User]]:
    for partner_id in partner_ids:
        for user in members_with(
            Capability.PARTNER_HOME, tenant_id=tenant_id, partner_id=partner_id
        ):
            yield partner_id, user


def _contest(event: Event) -> Contest:
    return Contest.objects.get(id=event.payload["contest_id"])
