"""Who is told of contests: every partner of the program when one begins, changes or ends, winners of their prize."""

from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils import translation

from commissions.accruals.models import RepRewards
from commissions.accruals.reps import policies_of
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
    """Tell a winner of its prize; of a person's prize also those who run the partner's team."""
    contest = _contest(event)
    place = ContestPlace.objects.select_related("prize", "person").get(
        contest_id=contest.id, rank=event.payload["rank"]
    )
    winner, tenant = place.person, _tenant()
    bosses = _team_admins(place.partner_id) if winner else set()
    for user in _people(place.partner_id):
        is_own = winner is None or user.id == winner.id
        if not is_own and user.id not in bosses:
            continue
        with translation.override(user.language or tenant.language):
            prize = prize_text(place.prize, contest.currency) if place.prize else ""
        notify(
            kind="contest.won",
            key=f"{event.name}:{event.id}",
            user_id=user.id,
            facts={
                "title": contest.title,
                "prize": prize,
                "in_kind": place.is_in_kind,
                "name": winner.get_full_name() if winner and not is_own else "",
            },
            path="your-rewards/" if winner and is_own else f"contests/{contest.id}/",
            partner_id=place.partner_id,
            at=event.at,
        )


def _tell_all(event: Event, kind: str, **more: object) -> None:
    """Queue one notice per person, the days in the language of each.

    Where people compete and a partner lets its own receive nothing, only those who may change that are told.
    """
    contest, tenant = _contest(event), _tenant()
    zone = ZoneInfo(tenant.time_zone)
    partner_ids = list(
        Enrollment.objects.filter(program_id=contest.program_id, state__in=TAKING_PART).values_list(
            "partner_id", flat=True
        )
    )
    said = policies_of(partner_ids, event.at) if contest.is_for_people else {}
    for partner_id in partner_ids:
        is_out = said.get(partner_id) == RepRewards.NONE
        bosses = _team_admins(partner_id) if is_out else set()
        for user in _people(partner_id):
            if is_out and user.id not in bosses:
                continue
            with translation.override(user.language or tenant.language):
                span = span_text(contest, zone)
            notify(
                kind=kind,
                key=f"{event.name}:{event.id}",
                user_id=user.id,
                facts={"title": contest.title, "span": span, **more},
                path=f"contests/{contest.id}/",
                partner_id=partner_id,
                at=event.at,
            )


def _people(partner_id: UUID) -> list[User]:
    return members_with(
        Capability.PARTNER_HOME, tenant_id=current_scope().tenant_id, partner_id=partner_id
    )


def _team_admins(partner_id: UUID) -> set[int]:
    people = members_with(
        Capability.MANAGE_TEAM, tenant_id=current_scope().tenant_id, partner_id=partner_id
    )
    return {user.id for user in people}


def _tenant() -> Tenant:
    return Tenant.objects.get(id=current_scope().tenant_id)


def _contest(event: Event) -> Contest:
    return Contest.objects.get(id=event.payload["contest_id"])
