"""The demo's rewards that are not money: a catalogue, some given, one that waits for codes."""

from datetime import datetime, timedelta

from commissions.gifts.models import Gift, GiftAward
from commissions.gifts.rules import GiftTerms
from commissions.gifts.selectors import offers_for
from commissions.gifts.services import (
    add_codes,
    award_gift,
    confirm_receipt,
    keep_gift,
    move_award,
)
from prm.demo.stage import Stage

# kind, (English, Italian) name and worth, cost of one in minor units, codes
CATALOGUE = (
    (
        "goods",
        ("Box of regional food", "Cesto di prodotti tipici"),
        ("For the whole office", "Per tutto l’ufficio"),
        6_500,
        (),
    ),
    (
        "card",
        ("Book shop card", "Buono libreria"),
        ("25 euro in any shop of the chain", "25 euro in tutte le librerie della catena"),
        2_500,
        ("BKS-4471-LUNA", "BKS-9038-PINO", "BKS-2260-MARE"),
    ),
    (
        "discount",
        ("A tenth off your own subscription", "Un decimo in meno sul tuo abbonamento"),
        ("On your next invoice, once", "Sulla prossima fattura, una volta"),
        4_000,
        ("TENTH-71K", "TENTH-20P", "TENTH-88B", "TENTH-43X", "TENTH-09R"),
    ),
    (
        "quota",
        ("One success less this year", "Un successo in meno quest’anno"),
        ("To stay active", "Per restare attivi"),
        0,
        (),
    ),
)
# Which of the catalogue, days ago, what for, and where it goes: "" leaves it where giving put it.
GIVEN = (
    (0, 75, ("Three customers in a week", "Tre clienti in una settimana"), "received"),
    (1, 61, ("First deal of the new rep", "Primo affare della nuova collega"), ""),
    (2, 48, ("Talk at our partner day", "Intervento alla giornata partner"), ""),
    (1, 33, ("A case study with its customer", "Caso di successo con il cliente"), ""),
    (0, 12, ("Ten years together", "Dieci anni insieme"), "sent"),
    (1, 6, ("Best feedback of the quarter", "Miglior giudizio del trimestre"), ""),
    (1, 3, ("Helped another partner", "Ha aiutato un altro partner"), ""),
    (0, 2, ("Webinar for forty guests", "Webinar per quaranta ospiti"), ""),
)


def seed_gifts(stage: Stage, *, now: datetime) -> None:
    """Fill the first program's catalogue and give from it, in the open scope of the tenant; a repeat does nothing."""
    if Gift.objects.exists():
        return
    program = stage.programs[stage.story.programs[0].slug]
    admin, word = stage.actor(stage.story.staff[3]), int(stage.story.language == "it")
    start = now - timedelta(days=120)
    gifts = []
    for kind, title, worth, cost, codes in CATALOGUE:
        terms = GiftTerms(kind, title[word], worth[word], cost, start.date())
        gift = keep_gift(program_id=program.id, terms=terms, actor=admin, at=start)
        gifts.append(gift)
        if codes:
            sealed = [f"{stage.story.slug[:3].upper()}-{code}" for code in codes]
            add_codes(gift_id=gift.id, codes=sealed, actor=admin, at=start)
    partners = [
        partner
        for partner in stage.partners.values()
        if gifts[0] in offers_for(partner.id, now.date())
    ]
    prizes = GiftAward.objects.filter(key__startswith="contest:")
    for prize in prizes:
        then = prize.awarded_at + timedelta(days=4)
        move_award(award_id=prize.id, to="sent", tracking="", actor=admin, at=then)
    for number, (which, days, reason, end) in enumerate(GIVEN):
        at = now - timedelta(days=days)
        award = award_gift(
            gift_id=gifts[which].id,
            partner_id=partners[number % min(3, len(partners))].id,
            reason=reason[word],
            key=f"demo-{number}",
            actor=stage.manager,
            at=at,
        )
        if end:
            tracking = "DHL 0034 0434 1617"
            then = at + timedelta(days=2)
            move_award(
                award_id=award.id, to="sent", tracking=tracking, actor=stage.manager, at=then
            )
        if end == "received":
            confirm_receipt(award_id=award.id, actor=stage.manager, at=at + timedelta(days=5))
