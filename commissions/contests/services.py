"""Draft a contest, publish it, change what was published in the open, give the prizes."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from uuid import UUID

from django.db import transaction

from commissions.contests.models import Contest, ContestChange, ContestPlace, Prize
from commissions.contests.rules import PrizeTerms, Standing, way_given, winners
from commissions.contests.selectors import (
    lacking_of,
    prize_terms,
    prizes_of,
    standings_of,
    ways_allowed,
)
from commissions.ledger.services import NewTransfer, post_staged
from partners.programs.models import Program
from prm.events.services import Actor, emit
from prm.money import Money
from referrals.attribution.crediting import lock_credits

FIELDS = (
    "title",
    "description",
    "starts_at",
    "ends_at",
    "competes",
    "metric",
    "products",
    "tiers",
    "least",
    "tie_rule",
    "check_days",
)


class AlreadyPublished(ValueError):
    """A published contest is changed in the open, with a reason, or cancelled; it is never thrown away."""


class ContestIsOver(ValueError):
    """It ended, or was settled or cancelled."""


class NotOver(ValueError):
    """Prizes are given after the end and the days of checking."""


class ContestIncomplete(ValueError):
    """It cannot be published, or changed so; `why` is "prizes", "past" or "ends"."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True)
class ContestTerms:
    """The conditions of a contest: moments aware, least in referrals or minor units of the program's currency."""

    title: str
    description: str
    starts_at: datetime
    ends_at: datetime
    metric: str
    competes: str = "companies"
    products: tuple[str, ...] = ()
    tiers: tuple[str, ...] = ()
    least: int = 1
    tie_rule: str = "first"
    check_days: int = 7
    prizes: tuple[PrizeTerms, ...] = ()


@transaction.atomic
def draft_contest(
    *,
    program_id: UUID,
    terms: ContestTerms,
    actor: Actor,
    at: datetime,
    contest_id: UUID | None = None,
) -> Contest:
    """Write a draft, or change one; partners see nothing of it. Raises AlreadyPublished. Emits contest.drafted once."""
    if contest_id is None:
        program = Program.objects.get(id=program_id)
        contest = Contest(
            program_id=program.id,
            currency=program.currency,
            created_by_id=actor.user_id,
            created_at=at,
        )
    else:
        contest = Contest.objects.select_for_update(no_key=True).get(id=contest_id)
        if contest.published_at:
            raise AlreadyPublished(str(contest_id))
    _write(contest, terms)
    if contest_id is None:
        _tell("contest.drafted", contest, actor, at)
    return contest


@transaction.atomic
def publish_contest(*, contest_id: UUID, actor: Actor, at: datetime) -> Contest:
    """Freeze the conditions and announce the contest to every partner of the program. A repeat does nothing.

    Raises ContestIncomplete, ContestIsOver. Emits contest.published.
    """
    contest = Contest.objects.select_for_update(no_key=True).get(id=contest_id)
    if contest.cancelled_at:
        raise ContestIsOver(str(contest_id))
    if contest.published_at:
        return contest
    if lacking := lacking_of(contest, at):
        raise ContestIncomplete(lacking[0])
    contest.published_at = at
    contest.save(update_fields=["published_at"])
    _tell("contest.published", contest, actor, at)
    return contest


@transaction.atomic
def change_published(
    *, contest_id: UUID, terms: ContestTerms, reason: str, actor: Actor, at: datetime
) -> Contest:
    """Change a published contest: a new version with its reason, announced to every partner. A repeat writes nothing.

    What has ended is judged by what it was played by: it changes no more.

    Raises ContestIsOver, AlreadyPublished for one that is still a draft (draft_contest changes those),
    ContestIncomplete where a new first or last day lies in the past, or no prize is left. Emits contest.changed with
    before and after.
    """
    contest = Contest.objects.select_for_update(no_key=True).get(id=contest_id)
    if contest.published_at is None:
        raise AlreadyPublished(str(contest_id))
    if contest.settled_at or contest.cancelled_at or at >= contest.ends_at:
        raise ContestIsOver(str(contest_id))
    before = terms_of(contest)
    if before == terms:
        return contest
    _check_change(before, terms, at)
    changes = _changes(before, terms, contest.currency)
    contest.version += 1
    _write(contest, terms)
    ContestChange.objects.create(
        contest_id=contest.id,
        version=contest.version,
        reason=reason.strip(),
        changes=changes,
        changed_by_id=actor.user_id,
        at=at,
    )
    _tell("contest.changed", contest, actor, at, changes=changes)
    return contest


@transaction.atomic
def cancel_contest(*, contest_id: UUID, reason: str, actor: Actor, at: datetime) -> Contest:
    """Call a contest off: nobody wins, partners are told why. A repeat does nothing.

    Raises ContestIsOver once prizes are given. Emits contest.cancelled.
    """
    contest = Contest.objects.select_for_update(no_key=True).get(id=contest_id)
    if contest.settled_at:
        raise ContestIsOver(str(contest_id))
    if contest.cancelled_at is None:
        contest.cancelled_at, contest.cancel_reason = at, reason.strip()
        contest.save(update_fields=["cancelled_at", "cancel_reason"])
        _tell("contest.cancelled", contest, actor, at)
    return contest


@transaction.atomic
def discard_contest(*, contest_id: UUID, actor: Actor, at: datetime) -> None:
    """Throw a draft away; a repeat does nothing. Raises AlreadyPublished. Emits contest.discarded."""
    contest = Contest.objects.select_for_update(no_key=True).filter(id=contest_id).first()
    if contest is None:
        return
    if contest.published_at:
        raise AlreadyPublished(str(contest_id))
    Prize.objects.filter(contest_id=contest.id).delete()
    _tell("contest.discarded", contest, actor, at)
    contest.delete()


@transaction.atomic
def settle_contest(*, contest_id: UUID, actor: Actor, at: datetime) -> list[ContestPlace]:
    """Freeze the places and book the prizes in money as payable, each once. A repeat returns the places.

    Prizes are given check_days after the end; wins taken back by then do not count. Outside a partner's scope. A person
    wins what its employer lets it receive at that moment: money is the partner's, for the person; where money is not
    allowed, the prize is given as something worth as much (commissions.gifts.prizes).
    Raises NotOver, ContestIsOver for a cancelled or unpublished one. Emits contest.settled, contest.won per prize.
    """
    lock_credits(shared=True)
    contest = Contest.objects.select_for_update(no_key=True).get(id=contest_id)
    if contest.settled_at:
        return list(ContestPlace.objects.filter(contest_id=contest.id).order_by("rank"))
    if contest.cancelled_at or contest.published_at is None:
        raise ContestIsOver(str(contest_id))
    if at < contest.gives_at:
        raise NotOver(contest.ends_at.isoformat())
    standings, prizes = standings_of(contest.id, at), prizes_of(contest.id)
    ways = _ways_given(contest, standings, prizes, at)
    paid = [row for row in standings if ways.get(row.rank) == "money"]
    transfers = _book(contest, paid, prizes, at)
    places = ContestPlace.objects.bulk_create(
        ContestPlace(
            contest_id=contest.id,
            partner_id=row.partner_id,
            person_id=row.person_id,
            rank=row.rank,
            score=row.score,
            reached_at=row.reached_at,
            prize_id=prizes[row.rank].id if row.rank in ways else None,
            transfer_id=transfers.get(row.rank),
            at=at,
        )
        for row in standings
        if row.partner_id
    )
    contest.settled_at = at
    contest.save(update_fields=["settled_at"])
    _tell("contest.settled", contest, actor, at)
    for place in places:
        if place.prize_id:
            _tell("contest.won", contest, actor, at, place=place)
    return places


def terms_of(contest: Contest) -> ContestTerms:
    """Return a contest's conditions in the form that writes them."""
    return ContestTerms(
        **{name: getattr(contest, name) for name in FIELDS if name not in {"products", "tiers"}},
        products=tuple(contest.products),
        tiers=tuple(contest.tiers),
        prizes=tuple(prize_terms(prize) for prize in prizes_of(contest.id).values()),
    )


def _ways_given(
    contest: Contest, standings: Sequence[Standing], prizes: Mapping[int, Prize], at: datetime
) -> dict[int, str]:
    """Return how each prize that somebody gets is given, by rank."""
    terms = {rank: prize_terms(prize) for rank, prize in prizes.items()}
    allowed = ways_allowed(standings, at)
    found = {
        row.rank: way_given(prize, allowed.get(row.partner_id) if row.person_id else None)
        for row, prize in winners(standings, terms, contest.least)
        if row.partner_id
    }
    return {rank: way for rank, way in found.items() if way}


def _book(
    contest: Contest, paid: Sequence[Standing], prizes: Mapping[int, Prize], at: datetime
) -> dict[int, int]:
    """Post the prizes in money; return the transfers by rank."""
    posted = post_staged(
        [
            NewTransfer(
                kind="award",
                key=f"award:{contest.id}:{row.rank}",
                journal=f"contest:{contest.id}",
                debit=("commission_expense", None, contest.currency),
                credit=("payable", row.partner_id, contest.currency),
                amount_minor=prizes[row.rank].amount_minor,
                booked_at=at,
                partner_id=row.partner_id,
            )
            for row in paid
        ]
    )
    return {row.rank: place.id for row, place in zip(paid, posted, strict=True)}


def _write(contest: Contest, terms: ContestTerms) -> None:
    for name in FIELDS:
        value = getattr(terms, name)
        setattr(contest, name, list(value) if isinstance(value, tuple) else value)
    contest.save()
    kept = {prize_terms(prize): prize.id for prize in Prize.objects.filter(contest_id=contest.id)}
    if set(kept) != set(terms.prizes):
        Prize.objects.filter(contest_id=contest.id).delete()
        Prize.objects.bulk_create(
            Prize(contest_id=contest.id, **asdict(prize)) for prize in terms.prizes
        )


def _check_change(before: ContestTerms, terms: ContestTerms, at: datetime) -> None:
    """Refuse what would let somebody win, or lose, by what was not announced."""
    if not terms.prizes:
        raise ContestIncomplete("prizes")
    if terms.starts_at != before.starts_at and terms.starts_at < at:
        raise ContestIncomplete("past")
    if terms.ends_at != before.ends_at and terms.ends_at < at:
        raise ContestIncomplete("ends")


def _changes(before: ContestTerms, after: ContestTerms, currency: str) -> dict[str, list[str]]:
    """Return what differs, by name, as texts that need no language; what prizes cost the vendor is not for partners."""
    old, new = (
        {one.name: _plain(getattr(terms, one.name), currency) for one in fields(terms)}
        | ({"least": _least_value(terms.least, currency)} if terms.metric == "value" else {})
        for terms in (before, after)
    )
    return {name: [text, new[name]] for name, text in old.items() if text != new[name]}


def _plain(value: object, currency: str) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, tuple | list):
        return ", ".join(_plain(one, currency) for one in value)
    if isinstance(value, PrizeTerms):
        given = _amount(value.amount_minor, currency) if value.amount_minor else value.goods
        return f"{value.rank}: {given}"
    return str(value)


def _least_value(minor: int, currency: str) -> str:
    """Return what a deal must be worth, empty for any."""
    return _amount(minor, currency) if minor > 1 else ""


def _amount(minor: int, currency: str) -> str:
    return f"{Money(minor, currency).decimal} {currency}"


def _tell(
    name: str,
    contest: Contest,
    actor: Actor,
    at: datetime,
    *,
    place: ContestPlace | None = None,
    changes: dict[str, list[str]] | None = None,
) -> None:
    partner_id = place.partner_id if place else None
    emit(
        name,
        subject=f"contest:{contest.id}",
        actor=actor,
        partner_id=partner_id,
        payload={
            "contest_id": str(contest.id),
            "program_id": str(contest.program_id),
            "title": contest.title,
            "partner_id": str(partner_id) if partner_id else "",
            **({"rank": place.rank, "user_id": place.person_id} if place else {}),
        },
        changes=changes or {},
        at=at,
    )
