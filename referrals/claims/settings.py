"""A program's rules of claims: changed by its admin, part of its copies."""

from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from django.db import transaction

from partners.programs.models import Program
from prm.events.services import Actor, emit
from referrals.claims.models import ClaimRules
from referrals.claims.rules import Settings
from referrals.claims.selectors import rules_of


@transaction.atomic
def set_claim_rules(
    *, program_id: UUID, settings: Settings, actor: Actor, at: datetime
) -> Settings:
    """Keep a program's rules of claims; claims that stand keep their end, places count by the new rules at once.

    A repeat writes nothing. Raises Program.DoesNotExist. Emits program.claim_rules_set with before and after.
    """
    Program.objects.select_for_update(no_key=True).only("id").get(id=program_id)
    before = rules_of(program_id)
    if before == settings:
        return settings
    ClaimRules.objects.update_or_create(program_id=program_id, defaults=asdict(settings))
    old, new = asdict(before), asdict(settings)
    emit(
        "program.claim_rules_set",
        subject=f"program:{program_id}",
        actor=actor,
        payload={"program_id": str(program_id)},
        changes={name: [old[name], new[name]] for name in new if old[name] != new[name]},
        at=at,
    )
    return settings
