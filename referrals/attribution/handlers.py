"""What attribution does when something happened: note contacts, decide, look for signs, tell both sides."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from partners.directory.models import Partner
from prm.accounts.capabilities import Capability, Role
from prm.accounts.models import Membership
from prm.accounts.selectors import members_with
from prm.events.models import Event
from prm.events.services import SYSTEM, Actor
from prm.events.subscriptions import on
from prm.notices.services import notify
from prm.tenancy.scope import current_scope
from referrals.attribution.cases import gather_for_moved, gather_parties, take_appeal
from referrals.attribution.holding import assess
from referrals.attribution.models import Case, CaseParty, CaseState, Credit, Hold, Reattribution
from referrals.attribution.services import attribute, record_registration
from referrals.pipeline.hooks import after_submit
from referrals.pipeline.models import Referral, StageKind


@after_submit
def note_registration(referral: Referral, _actor: Actor, _at: datetime) -> None:
    """A submission is a contact of its partner with the company."""
    record_registration(referral)


@on("referral.submitted", name="attribution.assess")
def assess_submitted(event: Event) -> None:
    """A new referral is looked at for signs, and attributed."""
    referral_id = UUID(event.payload["referral_id"])
    assess(referral_id=referral_id, at=event.at)
    attribute(referral_id=referral_id, at=event.at)


@on("referral.stage_changed", name="attribution.attribute_accepted")
def attribute_accepted(event: Event) -> None:
    """An accepted referral is attributed again, with what is known by then."""
    if event.payload["to_kind"] == StageKind.ACCEPTED:
        referral_id = UUID(event.payload["referral_id"])
        attribute(referral_id=referral_id, at=event.at, occasion="accepted")


# ---------------------------------------------------------------- telling about holds and credit


@on("referral.held", name="attribution.tell_held")
def tell_held(event: Event) -> None:
    """The partner learns that a person looks, and that its money waits."""
    referral = Referral.objects.get(id=event.payload["referral_id"])
    _write_partner("referral.held", referral.partner_id, _facts(referral), _own(referral), event)


@on("referral.hold_lifted", name="attribution.tell_lifted")
def tell_lifted(event: Event) -> None:
    """The partner learns how the review ended, and why."""
    _tell_hold_decided(event, lifted=True)


@on("referral.hold_declined", name="attribution.tell_declined")
def tell_declined(event: Event) -> None:
    """The partner learns how the review ended, and why."""
    _tell_hold_decided(event, lifted=False)


def _tell_hold_decided(event: Event, *, lifted: bool) -> None:
    row = Hold.objects.select_related("referral").get(id=event.payload["hold_id"])
    facts = {**_facts(row.referral), "lifted": lifted, "reason": row.reason}
    _write_partner(
        "referral.hold_decided", row.referral.partner_id, facts, _own(row.referral), event
    )


@on("referral.reattributed", name="attribution.tell_moved")
def tell_moved(event: Event) -> None:
    """Both partners learn of the move, each in its own words."""
    move = Reattribution.objects.select_related("referral").get(id=event.payload["move_id"])
    facts = {**_facts(move.referral), "reason": move.reason}
    path = _own(move.referral)
    _write_partner("referral.credit_left", move.from_partner_id, facts, path, event)
    _write_partner("referral.credit_gained", move.to_partner_id, facts, path, event)


@on("referral.reattributed", name="attribution.join_cases")
def join_cases(event: Event) -> None:
    """Who has the referral now is a party to what is not decided about it."""
    gather_for_moved(referral_id=UUID(event.payload["referral_id"]), at=event.at)


@on("referral.credit_changed", name="attribution.tell_split")
def tell_split(event: Event) -> None:
    """Everybody who had or has a part learns of its own; a whole move is told as such."""
    referral = Referral.objects.get(id=event.payload["referral_id"])
    rows = list(
        Credit.objects.filter(referral_id=referral.id, number=event.payload["number"]).order_by(
            "place"
        )
    )
    if len(rows) < 2:
        return
    for text in event.payload["partner_ids"]:
        partner_id = UUID(text)
        own = [row for row in rows if row.partner_id == partner_id]
        share = sum(row.share * row.pool for row in own) / 100_000_000
        facts = {**_facts(referral), "percent": share, "reason": rows[0].reason}
        path = _own(referral) if partner_id == referral.partner_id else "earnings/"
        _write_partner("referral.credit_split", partner_id, facts, path, event)


def _facts(referral: Referral) -> dict[str, Any]:
    return {"company": referral.company, "number": referral.number}


def _own(referral: Referral) -> str:
    return f"referrals/{referral.id}/"


def _write_partner(
    kind: str, partner_id: UUID, facts: dict[str, Any], path: str, event: Event
) -> None:
    people = members_with(
        Capability.MANAGE_TEAM, tenant_id=current_scope().tenant_id, partner_id=partner_id
    )
    ids = {person.id for person in people}
    referral_id = event.payload.get("referral_id")
    if referral_id:
        sender = Referral.objects.filter(id=referral_id, partner_id=partner_id)
        ids |= set(sender.values_list("submitted_by_id", flat=True)) - {None}
    for user_id in sorted(ids):
        notify(
            kind=kind,
            key=f"event:{event.id}:{partner_id}",
            user_id=user_id,
            facts=facts,
            path=path,
            partner_id=partner_id,
            at=event.at,
        )


# ---------------------------------------------------------------- cases


@on("case.opened", name="attribution.gather_parties")
def gather(event: Event) -> None:
    """The other parties are found, and the vendor's people learn of the case."""
    case_id = UUID(event.payload["case_id"])
    gather_parties(case_id=case_id, at=event.at)
    _tell_staff("opened", case_id, event)


@on("case.party_added", name="attribution.tell_party")
def tell_party(event: Event) -> None:
    """A party learns of the case that somebody else opened."""
    _tell_parties("party_added", event, only=UUID(event.payload["partner_id"]))


@on("case.entry_added", name="attribution.tell_entry")
def tell_entry(event: Event) -> None:
    """What one side wrote, the other side learns of."""
    if not event.payload.get("partner_id"):
        return
    if event.payload["by_vendor"]:
        _tell_parties("entry", event, only=UUID(event.payload["partner_id"]))
    else:
        _tell_staff("entry", UUID(event.payload["case_id"]), event)


@on("case.decided", name="attribution.tell_decided")
def tell_decided(event: Event) -> None:
    """Every party learns of the decision, in its own words."""
    _tell_parties("decided", event)


@on("case.closed", name="attribution.tell_closed")
def tell_closed(event: Event) -> None:
    """Every party learns of the final decision, in its own words."""
    _tell_parties("closed", event)


@on("case.appealed", name="attribution.take_appeal")
def appealed(event: Event) -> None:
    """Another person gets the case, and all parties learn that it is looked at again."""
    case = take_appeal(case_id=UUID(event.payload["case_id"]), actor=SYSTEM, at=event.at)
    if case.state == CaseState.APPEALED:
        _tell_staff("appealed", case.id, event)
        _tell_parties("appealed", event)


@on("case.escalated", name="attribution.tell_escalated")
def tell_escalated(event: Event) -> None:
    """Who has the overdue case now learns of it."""
    _tell_staff("escalated", UUID(event.payload["case_id"]), event)


@on("case.assigned", name="attribution.tell_assigned")
def tell_assigned(event: Event) -> None:
    """Who has the case now learns of it."""
    if event.payload["user_id"] != event.actor_id:
        _tell_staff("assigned", UUID(event.payload["case_id"]), event)


def _tell_parties(what: str, event: Event, *, only: UUID | None = None) -> None:
    parties = CaseParty.objects.filter(case_id=event.payload["case_id"]).order_by("id")
    for party in parties.filter(partner_id=only) if only else parties:
        facts = {"what": what, "number": party.number, "company": party.company}
        if what in {"decided", "closed"}:
            facts["reason"] = party.words
        _write_partner("case.partner", party.partner_id, facts, f"cases/{party.case_id}/", event)


def _tell_staff(what: str, case_id: UUID, event: Event) -> None:
    """Tell who has the case, else all channel managers; never who did it."""
    case = Case.objects.select_related("referral").get(id=case_id)
    writer = Partner.objects.filter(id=event.partner_id or case.opened_by_id).first()
    facts = {
        "what": what,
        "number": case.number,
        "company": case.referral.company,
        "partner": str(writer or ""),
    }
    people: Iterable[int] = [case.assignee_id] if case.assignee_id else _managers()
    for user_id in sorted(set(people) - {event.actor_id}):
        notify(
            kind="case.staff",
            key=f"event:{event.id}",
            user_id=user_id,
            facts=facts,
            path=f"manage/cases/{case.id}/",
            at=event.at,
        )


def _managers() -> set[int]:
    staff = Membership.objects.filter(
        tenant_id=current_scope().tenant_id,
        partner_id=None,
        ended_at=None,
        roles__overlap=[Role.CHANNEL_MANAGER, Role.PROGRAM_ADMIN],
    )
    return set(staff.values_list("user_id", flat=True))
