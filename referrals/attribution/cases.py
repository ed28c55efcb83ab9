"""Cases: a partner objects, both sides bring words and evidence, a clock runs, one appeal goes to another person."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import IO, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q

from prm.accounts.capabilities import Role
from prm.accounts.models import Membership
from prm.events.services import SYSTEM, Actor, emit
from prm.tenancy.models import Tenant
from prm.tenancy.scope import current_scope
from prm.tenancy.services import next_number
from prm.uploads.models import Upload
from prm.uploads.services import keep_upload
from prm.workhours.rules import NeverOpen, due_at
from prm.workhours.selectors import calendar_of_tenant
from referrals.attribution.models import (
    UNDECIDED,
    Case,
    CaseEntry,
    CaseParty,
    CaseState,
)
from referrals.attribution.selectors import (
    live_credits,
    same_account,
    settings_of,
    weighed_now,
)
from referrals.attribution.services import record_registration, redacted
from referrals.pipeline.models import Referral

EVIDENCE = frozenset({"pdf", "png", "jpeg", "docx", "xlsx", "csv"})
EVIDENCE_BYTES = 10_000_000
PURPOSE = "attribution.case"


class CaseNotInState(ValueError):
    """The case has been decided, appealed or closed meanwhile."""


class AppealTooLate(ValueError):
    """The days for an appeal are over, or the one appeal was made."""


class MustBeAnother(ValueError):
    """An appeal is decided by another person than the decision it is against."""


@transaction.atomic
def open_case(
    *,
    referral_id: UUID,
    partner_id: UUID,
    text: str,
    actor: Actor,
    at: datetime,
    evidence: IO[bytes] | None = None,
) -> CaseParty:
    """Object to how the partner's referral was attributed; return the partner's view of the case.

    In the partner's scope or the whole tenant's. The worker finds the other parties. A referral with a case that is
    not final returns that one and writes nothing. Raises Referral.DoesNotExist, UploadRefused. Emits case.opened.
    """
    referral = Referral.objects.select_for_update(no_key=True).get(
        id=referral_id, partner_id=partner_id
    )
    open_here = CaseParty.objects.filter(partner_id=partner_id, referral_id=referral.id)
    if first := open_here.exclude(state=CaseState.FINAL).first():
        return first
    hours = settings_of(referral.program_id).case_hours
    case = Case.objects.create(
        number=_number(at),
        referral=referral,
        opened_by_id=partner_id,
        opened_at=at,
        due_at=_due(at, hours),
    )
    party = CaseParty.objects.create(
        case=case,
        partner_id=partner_id,
        opened_it=True,
        referral_id=referral.id,
        number=case.number,
        company=referral.company,
        state=case.state,
        opened_at=at,
        due_at=case.due_at,
    )
    _write(case.id, partner_id, "own", text=text, evidence=evidence, actor=actor, at=at)
    _tell("case.opened", case.id, partner_id, actor, at, {"referral_id": str(referral.id)})
    return party


@transaction.atomic
def gather_parties(*, case_id: UUID, at: datetime) -> list[CaseParty]:
    """Find who else has a claim to the case's company, and give each party its timeline; a repeat changes nothing.

    In a scope of the whole tenant. Parties: who has a registration of the account in the program, who is credited,
    and whose contact counts. Emits case.party_added for each other party.
    """
    case = Case.objects.select_for_update(no_key=True).get(id=case_id)
    referral = Referral.objects.get(id=case.referral_id)
    same = list(
        Referral.objects.filter(same_account(referral), registered_at__lte=at).order_by(
            "registered_at", "id"
        )
    )
    for row in same:
        record_registration(row)
    found = weighed_now(referral, at=at)
    subject = _subject(same, referral)
    if case.subject_id is None:
        case.subject_id = subject.id
        case.save(update_fields=["subject_id"])
    own = {row.partner_id: row for row in reversed(same)}
    holders = {row.partner_id for rows in live_credits([subject.id]).values() for row in rows}
    counted = {row.contact.partner for row in found.weighed if row.counted and row.contact.partner}
    parties = []
    for partner_id in sorted({*own, *holders, *counted}):
        party, made = CaseParty.objects.get_or_create(
            case=case,
            partner_id=partner_id,
            defaults={
                "opened_it": False,
                "referral_id": own[partner_id].id if partner_id in own else None,
                "number": case.number,
                "company": referral.company,
                "state": case.state,
                "opened_at": case.opened_at,
                "due_at": case.due_at,
            },
        )
        party.timeline = redacted(found.weighed, partner_id)
        party.save(update_fields=["timeline"])
        parties.append(party)
        if made:
            _tell("case.party_added", case.id, partner_id, SYSTEM, at, {})
    return parties


def _subject(same: Sequence[Referral], referral: Referral) -> Referral:
    """Return the referral that the credit hangs on: the first one that was won or accepted, else the first open one."""
    ranks = ("won", "opportunity", "qualified", "accepted", "submitted")
    live = [row for row in same if row.stage_kind in ranks]
    return min(live, key=lambda row: ranks.index(row.stage_kind)) if live else referral


@transaction.atomic
def add_entry(
    *,
    case_id: UUID,
    partner_id: UUID | None,
    text: str,
    actor: Actor,
    at: datetime,
    by_vendor: bool = False,
    evidence: IO[bytes] | None = None,
) -> CaseEntry:
    """Write a comment, or bring evidence, between one party and the vendor.

    partner_id: the party; None is a note of the vendor's people among themselves. Other parties see it only when the
    vendor passes it on. Raises CaseParty.DoesNotExist, CaseNotInState, UploadRefused. Emits case.entry_added.
    """
    if partner_id is not None:
        party = CaseParty.objects.get(case_id=case_id, partner_id=partner_id)
        if party.state == CaseState.FINAL:
            raise CaseNotInState(party.number)
    voice = "vendor" if by_vendor or partner_id is None else "own"
    entry = _write(case_id, partner_id, voice, text=text, evidence=evidence, actor=actor, at=at)
    facts = {"entry_id": entry.id, "by_vendor": voice == "vendor"}
    _tell("case.entry_added", case_id, partner_id, actor, at, facts)
    return entry


@transaction.atomic
def pass_on(*, entry_id: int, actor: Actor, at: datetime) -> list[CaseEntry]:
    """Show a party's entry to the other parties, without its author; a repeat shows it once.

    Raises CaseEntry.DoesNotExist. Emits case.entry_added for each.
    """
    entry = CaseEntry.objects.select_for_update(no_key=True).get(id=entry_id, voice="own")
    done = set(
        CaseEntry.objects.filter(shared_from_id=entry.id).values_list("partner_id", flat=True)
    )
    others = CaseParty.objects.filter(case_id=entry.case_id).exclude(
        partner_id=entry.partner_id or UUID(int=0)
    )
    made = []
    for party in others.order_by("id"):
        if party.partner_id in done:
            continue
        copy = CaseEntry.objects.create(
            case_id=entry.case_id,
            partner_id=party.partner_id,
            voice="other",
            text=entry.text,
            upload_id=entry.upload_id,
            shared_from_id=entry.id,
            at=at,
        )
        _tell(
            "case.entry_added",
            entry.case_id,
            party.partner_id,
            actor,
            at,
            {"entry_id": copy.id, "by_vendor": True},
        )
        made.append(copy)
    return made


def gather_for_moved(*, referral_id: UUID, at: datetime) -> None:
    """Let the partner that got a referral join the cases about it that nobody has decided; a repeat changes nothing."""
    about = Q(referral_id=referral_id) | Q(subject_id=referral_id)
    waiting = Case.objects.filter(about, state__in=UNDECIDED).order_by("id")
    for case_id in list(waiting.values_list("id", flat=True)):
        gather_parties(case_id=case_id, at=at)


@transaction.atomic
def appeal_case(
    *, case_id: UUID, partner_id: UUID, text: str, actor: Actor, at: datetime
) -> CaseParty:
    """Ask for another person's decision, once a case; a repeat by the same party writes nothing.

    In the party's scope. text: why, for the vendor. Raises CaseParty.DoesNotExist, AppealTooLate. Emits case.appealed.
    """
    party = CaseParty.objects.select_for_update(no_key=True).get(
        case_id=case_id, partner_id=partner_id
    )
    if party.state == CaseState.APPEALED and party.appealed_at:
        return party
    late = party.appeal_until is None or at > party.appeal_until
    if party.state != CaseState.DECIDED or late:
        raise AppealTooLate(party.number)
    party.state, party.appealed_at = CaseState.APPEALED, at
    party.save(update_fields=["state", "appealed_at"])
    _write(case_id, partner_id, "own", text=text, evidence=None, actor=actor, at=at)
    _tell("case.appealed", case_id, partner_id, actor, at, {})
    return party


@transaction.atomic
def take_appeal(*, case_id: UUID, actor: Actor, at: datetime) -> Case:
    """Put an appealed case before another person, with a new clock; a repeat, or a second party's appeal, joins it.

    In a scope of the whole tenant.
    """
    case = Case.objects.select_for_update(no_key=True).get(id=case_id)
    if case.state != CaseState.DECIDED:
        return case
    hours = settings_of(Referral.objects.get(id=case.referral_id).program_id).case_hours
    case.state, case.appealed_at, case.escalated_at = CaseState.APPEALED, at, None
    case.due_at = _due(at, hours)
    case.assignee_id = _another({case.decided_by_id})
    case.save(update_fields=["state", "appealed_at", "escalated_at", "due_at", "assignee"])
    CaseParty.objects.filter(case_id=case.id).update(state=case.state, due_at=case.due_at)
    return case


@transaction.atomic
def assign_case(*, case_id: UUID, user_id: int, actor: Actor, at: datetime) -> Case:
    """Say who decides a case; a repeat writes nothing. Raises MustBeAnother for an appeal. Emits case.assigned."""
    case = Case.objects.select_for_update(no_key=True).get(id=case_id)
    if case.assignee_id == user_id:
        return case
    if case.state == CaseState.APPEALED and case.decided_by_id == user_id:
        raise MustBeAnother(case.number)
    case.assignee_id = user_id
    case.save(update_fields=["assignee"])
    _tell("case.assigned", case.id, None, actor, at, {"user_id": user_id})
    return case


def escalate_overdue(*, at: datetime) -> int:
    """Hand every case whose clock has run out to another person, once, and close appeals nobody made; count the first.

    In a scope of the whole tenant. at: aware UTC. Emits case.escalated and case.closed.
    """
    with transaction.atomic():
        late = Case.objects.select_for_update(no_key=True, skip_locked=True).filter(
            state__in=UNDECIDED, due_at__lte=at, escalated_at=None
        )
        rows = list(late.order_by("id"))
        for case in rows:
            case.escalated_at = at
            case.assignee_id = _another({case.assignee_id, case.decided_by_id}) or case.assignee_id
            case.save(update_fields=["escalated_at", "assignee"])
            facts = {"user_id": case.assignee_id}
            _tell("case.escalated", case.id, None, SYSTEM, at, facts)
        _close_unappealed(at)
    return len(rows)


def _close_unappealed(at: datetime) -> None:
    waiting = CaseParty.objects.filter(
        Q(state=CaseState.APPEALED) | Q(appeal_until__gte=at), case__state=CaseState.DECIDED
    )
    done = Case.objects.select_for_update(no_key=True, skip_locked=True).filter(
        state=CaseState.DECIDED
    )
    for case in done.exclude(id__in=waiting.values("case_id")).order_by("id"):
        # An appeal of the last second locks its party only, and may not have been committed yet.
        parties = CaseParty.objects.select_for_update(no_key=True).filter(case_id=case.id)
        if any(row.state == CaseState.APPEALED for row in parties.order_by("id")):
            continue
        case.state, case.final_at = CaseState.FINAL, at
        case.save(update_fields=["state", "final_at"])
        CaseParty.objects.filter(case_id=case.id).update(state=case.state, appeal_until=None)


def _another(user_ids: set[int | None]) -> int | None:
    """Return a program admin, else a channel manager, who is none of the people; the first by membership."""
    people = Membership.objects.filter(
        tenant_id=current_scope().tenant_id, partner_id=None, ended_at=None, user__is_active=True
    ).exclude(user_id__in=[user_id for user_id in user_ids if user_id])
    for role in (Role.PROGRAM_ADMIN, Role.CHANNEL_MANAGER):
        if found := people.filter(roles__contains=[role]).order_by("id").first():
            return found.user_id
    return None


def _due(at: datetime, hours: int) -> datetime:
    try:
        return due_at(at, 60 * hours, calendar_of_tenant())
    except NeverOpen:
        return at + timedelta(hours=hours)


def _number(at: datetime) -> str:
    zone = Tenant.objects.only("time_zone").get(id=current_scope().tenant_id).time_zone
    year = at.astimezone(ZoneInfo(zone)).year
    return f"C-{year}-{next_number(f'case:{year}'):04d}"


def _write(
    case_id: UUID,
    partner_id: UUID | None,
    voice: str,
    *,
    text: str,
    evidence: IO[bytes] | None,
    actor: Actor,
    at: datetime,
) -> CaseEntry:
    upload: Upload | None = None
    if evidence is not None:
        upload = keep_upload(
            file=evidence,
            purpose=PURPOSE,
            allowed=EVIDENCE,
            max_bytes=EVIDENCE_BYTES,
            partner_id=partner_id,
            actor=actor,
            at=at,
        )
    return CaseEntry.objects.create(
        case_id=case_id,
        partner_id=partner_id,
        voice=voice,
        author_id=actor.user_id,
        text=text.strip(),
        upload=upload,
        at=at,
    )


def _tell(  # noqa: PLR0917  who, what, whose, when: as an event is told
    name: str,
    case_id: UUID,
    partner_id: UUID | None,
    actor: Actor,
    at: datetime,
    facts: dict[str, Any],
) -> None:
    emit(
        name,
        subject=f"case:{case_id}",
        actor=actor,
        partner_id=partner_id,
        payload={
            "case_id": str(case_id),
            **({"partner_id": str(partner_id)} if partner_id else {}),
            **facts,
        },
        at=at,
    )
