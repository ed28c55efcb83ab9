"""Draft a contest, publish it, change what was published in the open, give the prizes."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from commissions.contests.models import Contest, ContestChange, ContestPlace, Prize
from commissions.contests.rules import PrizeTerms, Standing, winners
from commissions.contests.selectors import prize_terms, prizes_of, standings_of
from commissions.ledger.services import NewTransfer, post_staged
from partners.programs.models import Program
from prm.events.services import Actor, emit

FIELDS = (
    "title",
    "description",
    "starts_at",
    "ends_at",
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
    """It was settled or cancelled."""


class NotOver(ValueError):
    """Prizes are given after the end and the days of checking."""


class ContestIncomplete(ValueError):
    """It cannot be published; `why` is "prizes", "past" or "ends"."""

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
    if contest.published_at:
        return contest
    if not Prize.objects.filter(contest_id=contest.id).exists():
        raise ContestIncomplete("prizes")
    if contest.starts_at < at:
        # Nobody can win by what was done before it was announced.
        raise ContestIncomplete("past")
    contest.published_at = at
    contest.save(update_fields=["published_at"])
    _tell("contest.published", contest, actor, at)
    return contest


@transaction.atomic
def change_published(
    *, contest_id: UUID, terms: ContestTerms, reason: str, actor: Actor, at: datetime
) -> Contest:
    """Change a published contest: a new version with its reason, announced to every partner. A repeat writes nothing.

    Raises ContestIsOver, AlreadyPublished for one that is still a draft (draft_contest changes those).
    Emits contest.changed with before and after.
    """
    contest = Contest.objects.select_for_update(no_key=True).get(id=contest_id)
    if contest.published_at is None:
        raise AlreadyPublished(str(contest_id))
    if contest.settled_at or contest.cancelled_at:
        raise ContestIsOver(str(contest_id))
    before = terms_of(contest)
    if before == terms:
        return contest
    changes = {
        name: [_plain(value), _plain(asdict(terms)[name])]
        for name, value in asdict(before).items()
        if value != asdict(terms)[name]
    }
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

    Prizes are given check_days after the end; wins taken back by then do not count. Outside a partner's scope.
    Raises NotOver, ContestIsOver for a cancelled or unpublished one. Emits contest.settled, contest.won per prize.
    """
    contest = Contest.objects.select_for_update(no_key=True).get(id=contest_id)
    if contest.settled_at:
        return list(ContestPlace.objects.filter(contest_id=contest.id).order_by("rank"))
    if contest.cancelled_at or contest.published_at is None:
        raise ContestIsOver(str(contest_id))
    if at < contest.ends_at + timedelta(days=contest.check_days):
        raise NotOver(contest.ends_at.isoformat())
    standings = standings_of(contest.id)
    prizes = prizes_of(contest.id)
    terms = {rank: prize_terms(prize) for rank, prize in prizes.items()}
    won = {row.rank: prize for row, prize in winners(standings, terms, contest.least)}
    transfers = _book(contest, standings, won, at)
    places = ContestPlace.objects.bulk_create(
        ContestPlace(
            contest_id=contest.id,
            partner_id=row.partner_id,
            rank=row.rank,
            score=row.score,
            reached_at=row.reached_at,
            prize_id=prizes[row.rank].id if row.rank in won else None,
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
            _tell("contest.won", contest, actor, at, partner_id=place.partner_id)
    return places


def terms_of(contest: Contest) -> ContestTerms:
    """Return a contest's conditions in the form that writes them."""
    return ContestTerms(
        **{name: getattr(contest, name) for name in FIELDS if name not in {"products", "tiers"}},
        products=tuple(contest.products),
        tiers=tuple(contest.tiers),
        prizes=tuple(prize_terms(prize) for prize in prizes_of(contest.id).values()),
    )


def _book(
    contest: Contest, standings: Sequence[Standing], won: dict[int, PrizeTerms], at: datetime
) -> dict[int, int]:
    """Post the prizes in money; return the transfers by rank."""
    paid = [row for row in standings if row.rank in won and won[row.rank].amount_minor]
    posted = post_staged(
        [
            NewTransfer(
                kind="award",
                key=f"award:{contest.id}:{row.rank}",
                journal=f"contest:{contest.id}",
                debit=("commission_expense", None, contest.currency),
                credit=("payable", row.partner_id, contest.currency),
                amount_minor=won[row.rank].amount_minor,
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


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, tuple | list):
        return ", ".join(_plain(one) for one in value)
    if isinstance(value, dict):
        return " ".join(str(part) for part in value.values() if part)
    return str(value)


def _tell(
    name: str,
    contest: Contest,
    actor: Actor,
    at: datetime,
    *,
    partner_id: UUID | None = None,
    changes: dict[str, list[str]] | None = None,
) -> None:
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
        },
        changes=changes or {},
        at=at,
    )
