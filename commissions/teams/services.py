"""Say how a partner shares out what it earns."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from commissions.ledger.selectors import tenant_zone
from commissions.teams.models import TeamShare, TeamSplit
from commissions.teams.rules import check_shares
from partners.directory.models import Enrollment
from prm.accounts.selectors import live_places
from prm.events.services import Actor, emit
from prm.tenancy.scope import current_scope


class NotAhead(ValueError):
    """Its first day is today or past: what is earned already stays shared out as it was."""


class NotOneOfTheTeam(LookupError):
    """Somebody named is not one of the partner's people now, or the program is not the partner's."""


@transaction.atomic
def set_team_split(
    *,
    partner_id: UUID,
    program_id: UUID,
    shares: Sequence[tuple[int, int]],
    from_on: date,
    is_shown: bool,
    actor: Actor,
    at: datetime,
) -> TeamSplit:
    """Say who gets which part of what the partner earns in a program from a day on; it changes nothing that is owed.

    shares: (user, ten-thousandths), together 10,000; none ends the sharing. from_on: a day after today of the tenant's
    zone; of two with one first day the later word counts. is_shown: whether the people see their parts. The same word
    again returns the first. Raises NotWhole, NotAhead, NotOneOfTheTeam. Emits partner.team_split_set.
    """
    check_shares(shares)
    today = at.astimezone(tenant_zone()).date()
    if from_on <= today:
        raise NotAhead(from_on.isoformat())
    people = {place.user_id for place in live_places(current_scope().tenant_id, partner_id)}
    known = Enrollment.objects.filter(partner_id=partner_id, program_id=program_id).exists()
    if not known or not {user_id for user_id, _ in shares} <= people:
        raise NotOneOfTheTeam(str(partner_id))
    newest = (
        TeamSplit.objects.filter(partner_id=partner_id, program_id=program_id)
        .order_by("-id")
        .first()
    )
    said = [(row.user_id, row.share) for row in newest.shares.order_by("place")] if newest else []
    if newest and (newest.from_on, newest.is_shown, said) == (from_on, is_shown, list(shares)):
        return newest
    split = TeamSplit.objects.create(
        partner_id=partner_id,
        program_id=program_id,
        from_on=from_on,
        is_shown=is_shown,
        set_by_id=actor.user_id,
        set_at=at,
        set_on=today,
    )
    TeamShare.objects.bulk_create(
        TeamShare(split=split, partner_id=partner_id, user_id=user_id, share=share, place=place)
        for place, (user_id, share) in enumerate(shares)
    )
    emit(
        "partner.team_split_set",
        subject=f"partner:{partner_id}",
        actor=actor,
        partner_id=partner_id,
        payload={
            "partner_id": str(partner_id),
            "program_id": str(program_id),
            "split_id": split.id,
        },
        changes={"from_on": ["", from_on.isoformat()], "shares": [_said(said), _said(shares)]},
        at=at,
        queue=False,
    )
    return split


def _said(shares: Sequence[tuple[int, int]]) -> str:
    return ", ".join(f"{user_id}: {share / 100:g} %" for user_id, share in shares)
