"""Claim accounts, keep claims alive, let them go: one open claim per account, held by the database."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from prm.events.services import SYSTEM, Actor, emit
from prm.tenancy.scope import current_scope
from prm.web.formats import day_text, number_text
from referrals.claims import rules
from referrals.claims.models import Claim, ClaimEnd, ClaimKey
from referrals.claims.selectors import Places, facts_of, places_of, protection_days, rules_of
from referrals.pipeline.hooks import MoveRefused
from referrals.pipeline.models import Referral

_SWEEP = 500


class NoOpenClaim(ValueError):
    """The referral protects no account, or does so no longer."""


class LinkSpent(ValueError):
    """The link of the mail was used already, or work has shown since, or the claim is over."""


# ---------------------------------------------------------------- claim and release


@transaction.atomic
def claim(*, referral: Referral, actor: Actor, at: datetime) -> Claim:
    """Protect the referral's account for its partner, for the program's protection days from `at`.

    Runs inside the move that accepts, and writes `referral.protected_until` with it. A repeat returns the open claim.
    Claims of the account whose time has passed are ended first. Raises MoveRefused, in words, when another open
    claim holds the account or the partner has no place left. Emits claim.made.
    """
    if standing := Claim.objects.open().filter(referral_id=referral.id).first():
        return standing
    _wait_for_partner(referral.partner_id)
    facts = facts_of(referral)
    keys = sorted(rules.account_keys(facts))
    _expire_overdue(keys, at)
    places = places_of(partner_id=referral.partner_id, program_id=referral.program_id, at=at)
    if places.left == 0:
        raise MoveRefused(_full_words(places, staff=_is_staff_scope()))
    until = at + timedelta(days=protection_days(referral.program_id))
    try:
        # A second claim of the account waits at the first key for the first to commit, then fails.
        with transaction.atomic():
            made = _written(referral, rules.account_key(facts), keys, until, at)
    except IntegrityError as error:
        raise MoveRefused(_taken_words(keys, at)) from error
    _show_until(referral.id, until)
    referral.protected_until = until
    _tell("claim.made", made, actor, at, until=until.isoformat())
    return made


def _written(
    referral: Referral, account_key: str, keys: list[str], until: datetime, at: datetime
) -> Claim:
    made = Claim.objects.create(
        referral=referral,
        partner_id=referral.partner_id,
        program_id=referral.program_id,
        account_key=account_key,
        claimed_at=at,
        protected_until=until,
        active_at=at,
    )
    # One after the other, in order: two claims that share several keys meet at the same one.
    for key in keys:
        ClaimKey.objects.create(claim=made, partner_id=referral.partner_id, key=key)
    return made


def _wait_for_partner(partner_id: UUID) -> None:
    """Let two claims of one partner wait here for each other, so that both count its places right."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select pg_advisory_xact_lock(hashtextextended(%s, %s))",
            [f"claims:{partner_id}", current_scope().tenant_id],
        )


def _expire_overdue(keys: list[str], at: datetime) -> None:
    overdue = Claim.objects.open().filter(
        id__in=ClaimKey.objects.filter(key__in=keys, ended_at=None).values("claim_id"),
        protected_until__lte=at,
    )
    for row in overdue.select_for_update(no_key=True).order_by("id"):
        _expire(row, at)


def _is_staff_scope() -> bool:
    return current_scope().partner_id is None


def _taken_words(keys: list[str], at: datetime) -> str:
    """Say that the account is taken: to the vendor's people whose it is, to partners nothing of the sort."""
    taken = (
        Claim.objects.live(at)
        .filter(id__in=ClaimKey.objects.filter(key__in=keys, ended_at=None).values("claim_id"))
        .select_related("partner", "referral")
        .first()
    )
    if taken is None or not _is_staff_scope():
        return _("This company needs a review before it can be registered.")
    return _(
        "%(partner)s protects this company with %(number)s until %(day)s. "
        "Decline this referral, or end the other one first."
    ) % {
        "partner": taken.partner.name,
        "number": taken.referral.number,
        "day": day_text(taken.protected_until),
    }


def _full_words(places: Places, *, staff: bool) -> str:
    words = {"taken": number_text(places.taken), "most": number_text(places.most)}
    if staff:
        return (
            _(
                "This partner has %(taken)s of %(most)s places taken. "
                "When one of its open referrals is closed or given up, the next can be accepted."
            )
            % words
        )
    return (
        _(
            "%(taken)s of your %(most)s places are taken. "
            "Give up the protection of an open referral you no longer work on, then send this one."
        )
        % words
    )


def refuse_without_place(referral: Referral, at: datetime) -> None:
    """Refuse a partner's new referral while the partner has no place left. Raises MoveRefused."""
    places = places_of(partner_id=referral.partner_id, program_id=referral.program_id, at=at)
    if places.left == 0:
        raise MoveRefused(_full_words(places, staff=_is_staff_scope()))


@transaction.atomic
def release_claim(*, referral_id: UUID, why: ClaimEnd, actor: Actor, at: datetime) -> Claim | None:
    """End the referral's open claim and free its account and place; return None when it has none.

    A win keeps the shown end of protection; every other reason ends it at `at`. Emits claim.released.
    """
    row = (
        Claim.objects.open().filter(referral_id=referral_id).select_for_update(no_key=True).first()
    )
    if row is None:
        return None
    _end(row, why, at)
    if why != ClaimEnd.WON:
        _show_until(row.referral_id, min(row.protected_until, at))
    _tell("claim.released", row, actor, at, why=why.value)
    return row


def _end(row: Claim, why: ClaimEnd, at: datetime) -> None:
    row.ended_at, row.ended_why = at, why
    row.save(update_fields=["ended_at", "ended_why"])
    ClaimKey.objects.filter(claim_id=row.id).update(ended_at=at)


def _expire(row: Claim, at: datetime) -> None:
    """End a claim at the moment its protection ended, however late that is noticed. row: locked."""
    _end(row, ClaimEnd.EXPIRED, row.protected_until)
    _tell("claim.expired", row, SYSTEM, at)


def _show_until(referral_id: UUID, until: datetime) -> None:
    Referral.objects.filter(id=referral_id).update(protected_until=until)


def _tell(name: str, row: Claim, actor: Actor, at: datetime, **facts: Any) -> None:
    emit(
        name,
        subject=f"referral:{row.referral_id}",
        actor=actor,
        partner_id=row.partner_id,
        payload={"claim_id": str(row.id), "referral_id": str(row.referral_id), **facts},
        at=at,
    )


# ---------------------------------------------------------------- time passes


@transaction.atomic
def expire_claims(*, at: datetime) -> int:
    """End the open tenant's claims whose protection has ended by `at`; return how many. A repeat ends none.

    The referral stays open, without protection. Emits claim.expired for each.
    """
    overdue = list(
        Claim.objects.open()
        .filter(protected_until__lte=at)
        .select_for_update(no_key=True, skip_locked=True)
        .order_by("protected_until", "id")[:_SWEEP]
    )
    for row in overdue:
        _expire(row, at)
    return len(overdue)


@transaction.atomic
def warn_of_ends(*, at: datetime) -> int:
    """Warn of claims that end in 14 or 3 days or less, each number once; return how many. Emits claim.warned."""
    soon = (
        Claim.objects.live(at)
        .filter(protected_until__lte=at + timedelta(days=max(rules.WARNING_DAYS)))
        .select_for_update(no_key=True, skip_locked=True)
        .order_by("protected_until", "id")
    )
    count = 0
    for row in soon:
        due = rules.warning_due(
            protected_until=row.protected_until, warned_days=row.warned_days, at=at
        )
        if due is None:
            continue
        row.warned_days = due
        row.save(update_fields=["warned_days"])
        _tell("claim.warned", row, SYSTEM, at, why="end", days=due)
        count += 1
    return count


@transaction.atomic
def sweep_idle(*, at: datetime) -> int:
    """Warn of claims without a sign of work, and release those warned long enough ago; return how many changed.

    Nobody loses a claim unwarned: between warning and release lie the program's warning days, however late the
    warning came. Emits claim.warned and claim.released.
    """
    count = 0
    for program_id in Claim.objects.live(at).values_list("program_id", flat=True).distinct():
        settings = rules_of(program_id)
        if not settings.heartbeat_days:
            continue
        quiet = timedelta(days=settings.heartbeat_days - settings.heartbeat_warning_days)
        idle = Claim.objects.live(at).filter(program_id=program_id, active_at__lte=at - quiet)
        for row in idle.select_for_update(no_key=True, skip_locked=True).order_by("id")[:_SWEEP]:
            count += _warn_or_release(row, settings, at)
    return count


def _warn_or_release(row: Claim, settings: rules.Settings, at: datetime) -> bool:
    if row.idle_warned_at is None:
        row.idle_warned_at = at
        row.save(update_fields=["idle_warned_at"])
        release_at = rules.idle_release(settings, row.active_at, warned_at=at)
        _tell("claim.warned", row, SYSTEM, at, why="idle", release_at=release_at.isoformat())
        return True
    if at < rules.idle_release(settings, row.active_at, warned_at=row.idle_warned_at):
        return False
    release_claim(referral_id=row.referral_id, why=ClaimEnd.IDLE, actor=SYSTEM, at=at)
    return True


# ---------------------------------------------------------------- signs of work


@transaction.atomic
def note_work(*, referral_id: UUID, at: datetime) -> bool:
    """Take what happened at `at` as a sign of work on the referral's claim; tell whether that was news.

    An older moment than the last sign changes nothing.
    """
    changed = (
        Claim.objects.open()
        .filter(referral_id=referral_id, active_at__lt=at)
        .update(active_at=at, idle_warned_at=None)
    )
    return bool(changed)


@transaction.atomic
def confirm_work(*, claim_id: UUID, warned_at: datetime, actor: Actor, at: datetime) -> Claim:
    """Take the word of whoever holds the mail's link that the partner still works on the account; once per warning.

    warned_at: of the warning the link came with. Raises LinkSpent. Emits claim.confirmed.
    """
    row = Claim.objects.live(at).select_for_update(no_key=True).filter(id=claim_id).first()
    if row is None or row.idle_warned_at != warned_at:
        raise LinkSpent(str(claim_id))
    row.active_at, row.idle_warned_at = at, None
    row.save(update_fields=["active_at", "idle_warned_at"])
    _tell("claim.confirmed", row, actor, at)
    return row
