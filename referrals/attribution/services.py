"""Note what brings partners and companies together, and decide whose a referral is."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from prm.events.services import SYSTEM, Actor, emit
from referrals.attribution.models import (
    AttributionRules,
    Decision,
    Explanation,
    Touch,
    TouchKind,
)
from referrals.attribution.rules import Outcome, Settings, Weighed
from referrals.attribution.selectors import (
    same_account,
    settings_json,
    settings_of,
    weighed_now,
)
from referrals.claims.selectors import account_key
from referrals.pipeline.models import Referral, Source


@transaction.atomic
def record_touch(
    *,
    kind: str,
    account_key: str,
    partner_id: UUID | None,
    program_id: UUID,
    at: datetime,
    key: str,
    link_id: UUID | None = None,
    referral_id: UUID | None = None,
    facts: Mapping[str, Any] | None = None,
) -> bool:
    """Note one contact of a partner with an account; tell whether it is new.

    kind: of TouchKind; "crm" is the vendor's own sales and has no partner. at: aware UTC, when it happened.
    key: names the contact where it came from ("click:418"); a repeat writes nothing. facts: ids, codes and counts.
    Raises ValueError for a partner's own contact without a partner, or one of the vendor's with one.
    """
    if (TouchKind(kind) == TouchKind.CRM) != (partner_id is None):
        raise ValueError("the vendor's own sales, and nobody else, are without a partner")
    made = Touch.objects.bulk_create(
        [
            Touch(
                kind=kind,
                account_key=account_key,
                partner_id=partner_id,
                program_id=program_id,
                link_id=link_id,
                referral_id=referral_id,
                facts=dict(facts or {}),
                at=at,
                key=key,
            )
        ],
        ignore_conflicts=True,
    )
    return bool(made)


def record_registration(referral: Referral) -> None:
    """Note a referral's submission as a contact, once."""
    by_vendor = referral.source in {Source.STAFF, Source.IMPORT}
    record_touch(
        kind=TouchKind.STAFF if by_vendor else TouchKind.REGISTRATION,
        account_key=account_key(referral),
        partner_id=referral.partner_id,
        program_id=referral.program_id,
        link_id=referral.link_id,
        referral_id=referral.id,
        facts={"source": referral.source, "user_id": referral.submitted_by_id},
        at=referral.registered_at,
        key=f"referral:{referral.id}",
    )


@transaction.atomic
def attribute(
    *, referral_id: UUID, at: datetime, occasion: str = "submitted", actor: Actor = SYSTEM
) -> Decision:
    """Decide by the program's rules whose the referral is, and keep the answer with everything it was found from.

    In a scope of the whole tenant. at: aware UTC; contacts up to then are read. Registrations of the same company that
    were never noted are noted first. The referral itself stays where it is: only a person moves it. A repeat that
    finds the same winner by the same rule returns the first decision. Raises Referral.DoesNotExist.
    Emits referral.attributed.
    """
    referral = Referral.objects.select_for_update(no_key=True).get(id=referral_id)
    for row in Referral.objects.filter(same_account(referral), registered_at__lte=at):
        record_registration(row)
    settings, found = settings_of(referral.program_id), weighed_now(referral, at=at)
    last = Decision.objects.filter(referral_id=referral.id).order_by("-id").first()
    if last and (last.winner_id, last.rule) == (found.partner, found.rule):
        seen = [row["touch"] for row in last.considered]
        if seen == [row.contact.id for row in found.weighed]:
            return last
    return write_decision(
        referral, found, settings, occasion=occasion, actor=actor, at=at, reason=""
    )


def write_decision(
    referral: Referral,
    found: Outcome,
    settings: Settings,
    *,
    occasion: str,
    actor: Actor,
    at: datetime,
    reason: str,
) -> Decision:
    """Keep a decision, what each partner among the contacts may read of it, and tell of it.

    Emits referral.attributed.
    """
    decision = Decision.objects.create(
        referral=referral,
        occasion=occasion,
        winner_id=found.partner,
        rule=found.rule,
        considered=[considered(row) for row in found.weighed],
        settings=settings_json(settings),
        reason=reason,
        actor_id=actor.user_id,
        at=at,
    )
    readers = {row.contact.partner for row in found.weighed if row.contact.partner}
    readers |= {referral.partner_id}
    Explanation.objects.bulk_create(
        Explanation(
            decision=decision,
            referral_id=referral_id,
            partner_id=reader,
            is_winner=found.partner == reader,
            rule=found.rule,
            settings=settings_json(settings),
            lines=redacted(found.weighed, reader),
            at=at,
        )
        for reader in sorted(readers)
        for referral_id in _own_referrals(referral, reader)
    )
    emit(
        "referral.attributed",
        subject=f"referral:{referral.id}",
        actor=actor,
        partner_id=None,
        payload={
            "referral_id": str(referral.id),
            "decision_id": decision.id,
            "winner_id": str(found.partner) if found.partner else None,
            "rule": found.rule,
        },
        at=at,
        queue=False,
    )
    return decision


def _own_referrals(referral: Referral, reader: UUID) -> list[UUID]:
    """Return on which referrals a partner reads about the account: its own ones of the same company."""
    if reader == referral.partner_id:
        return [referral.id]
    own = Referral.objects.filter(same_account(referral), partner_id=reader)
    return list(own.order_by("id").values_list("id", flat=True))


def considered(row: Weighed) -> dict[str, Any]:
    """Return a contact as a decision keeps it."""
    contact = row.contact
    return {
        "touch": contact.id,
        "kind": contact.kind,
        "partner": str(contact.partner) if contact.partner else None,
        "at": contact.at.isoformat(),
        "why": row.why,
    }


def redacted(weighed: tuple[Weighed, ...], reader: UUID) -> list[dict[str, Any]]:
    """Return contacts as one partner may read them: all of its own, of the others only those that counted.

    Nobody else is named, and clicks of others that changed nothing are not there to be counted. The vendor's own
    work shows only where it excluded the credit, which the rule's words say.
    """
    lines = []
    for row in weighed:
        own = row.contact.partner == reader
        if not own and (row.contact.partner is None or not row.counted):
            continue
        lines.append(
            {
                "kind": row.contact.kind,
                "at": row.contact.at.isoformat(),
                "own": own,
                "why": row.why,
            }
        )
    return lines


@transaction.atomic
def set_attribution_rules(
    *, program_id: UUID, settings: Settings, actor: Actor, at: datetime
) -> AttributionRules:
    """Set how a program finds who gets the credit; decisions already made stay. A repeat writes nothing.

    Emits program.attribution_set with what changed.
    """
    before, after = settings_json(settings_of(program_id)), settings_json(settings)
    row, _ = AttributionRules.objects.update_or_create(program_id=program_id, defaults=after)
    changes = {name: [before[name], after[name]] for name in after if before[name] != after[name]}
    if changes:
        emit(
            "program.attribution_set",
            subject=f"program:{program_id}",
            actor=actor,
            payload={"program_id": str(program_id)},
            changes=changes,
            at=at,
            queue=False,
        )
    return row
