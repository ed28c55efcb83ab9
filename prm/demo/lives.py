"""The demo's lives of partners: one entered twice and merged, one paused with a cause, one visit as a partner."""

from datetime import datetime, timedelta

from partners.directory.merging import merge_partners
from partners.directory.models import Partner
from partners.directory.services import add_partner, change_partner_state
from prm.accounts.viewing import end_partner_view, start_partner_view
from prm.demo.stage import Stage

DOUBLE, SLEEPING = "{name} (old entry)", "Northfold Partners"


LOOKED_AT = {
    "en": "You wrote that the earnings page looks empty",
    "it": "Hai scritto che la pagina dei guadagni sembra vuota",
}


def seed_lives(stage: Stage, *, now: datetime) -> None:
    """Play the three stories through the services, in the open scope of the tenant; a repeat does nothing."""
    if Partner.objects.filter(merged_into__isnull=False).exists():
        return
    at = min(stage.at(stage.today - timedelta(days=24), 10), now)
    known = next(iter(stage.partners.values()))
    double = add_partner(
        name=DOUBLE.format(name=known.name),
        website=known.website,
        actor=stage.manager,
        at=at - timedelta(days=6),
    )
    merge_partners(
        from_id=double.id,
        into_id=known.id,
        reason="Came in again with the list of the fair",
        actor=stage.manager,
        at=at,
    )
    paused = add_partner(
        name=SLEEPING,
        country="GB",
        website="northfold.example",
        program_ids=[next(iter(stage.programs.values())).id],
        actor=stage.manager,
        at=at - timedelta(days=120),
    )
    change_partner_state(
        partner_id=paused.id,
        state="paused",
        cause="papers",
        reason="Your VAT number has lapsed. Send us the new one and we go on.",
        actor=stage.manager,
        at=at + timedelta(days=2),
    )
    begun = stage.at(stage.today - timedelta(days=9), 15, 20)
    user_id = stage.manager.user_id
    if user_id is not None:
        view = start_partner_view(
            user_id=user_id,
            partner_id=known.id,
            partner_name=known.name,
            reason=LOOKED_AT[stage.story.language],
            actor=stage.manager,
            at=begun,
        )
        end_partner_view(
            view_id=view.id,
            user_id=user_id,
            actor=stage.manager,
            at=begun + timedelta(minutes=6),
        )
