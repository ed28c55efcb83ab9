"""Solea Energia: power and gas from Turin, in Italian, with one program."""

from decimal import Decimal

from prm.demo.story import (
    PartnerStory,
    Person,
    PlanStory,
    ProgramStory,
    RuleStory,
    TenantStory,
    boss,
    rep,
)

SOLEA_IN_ENGLISH = """## What you do
You refer companies that could move to Solea Energia and name the person to talk to.

## What you earn
The plan in force on the day of the referral holds, for the whole term of the referred contract.

## When you are paid
Every commission waits until the customer's right to withdraw has ended, then goes into the next monthly payout.

## Refunds
When a customer gets money back, the commission on that sum is taken back at the same rate.
"""
SOLEA_AGREEMENT = """## Che cosa fai
Segnali aziende che possono passare a Solea Energia e indichi la persona da contattare.

## Quanto guadagni
Vale il piano in vigore nel giorno della segnalazione, per tutta la durata del contratto segnalato.

## Quando ricevi il pagamento
Ogni compenso resta in attesa fino alla fine del periodo di recesso, poi entra nel primo pagamento mensile.

## Storni
Se il cliente viene rimborsato, il compenso su quella somma viene stornato con la stessa percentuale.
"""

SOLEA = TenantStory(
    slug="solea",
    name="Solea Energia",
    legal_name="Solea Energia S.p.A.",
    legal_address="Via dei Mulini 48\n10137 Torino",
    tax_number="IT09841230015",
    country="IT",
    time_zone="Europe/Rome",
    language="it",
    accent="#ffb81c",
    accent_foreground="#1b1a17",
    iban="IT60X0542811101000000123456",
    bic="BPPIITRRXXX",
    staff=(
        Person(
            "Davide Marchetti",
            "davide@solea.example",
            "channel_manager",
            "Responsabile partner",
            "it",
        ),
        Person("Paola Greco", "paola@solea.example", "finance", "Amministrazione", "it"),
        Person("Stefano Riva", "stefano@solea.example", "finance", "Direttore finanziario", "it"),
        Person(
            "Chiara Lombardi", "chiara@solea.example", "program_admin", "Programma partner", "it"
        ),
    ),
    programs=(
        ProgramStory(
            "Programma segnalatori",
            "segnalatori",
            "EUR",
            "Per studi e consulenti che conoscono aziende con bollette alte.",
            {"it": SOLEA_AGREEMENT, "en": SOLEA_IN_ENGLISH},
            (
                PlanStory(
                    13,
                    30,
                    2_500,
                    (
                        RuleStory("qualified", "Bonus contatto qualificato", fixed_minor=8_000),
                        RuleStory(
                            "revenue",
                            "Provvigione sui primi dodici mesi",
                            rate=Decimal("0.05"),
                            scope="months",
                            months=12,
                        ),
                    ),
                ),
            ),
            (150_000, 1_400_000),
            ("Luce e gas", "Fotovoltaico", "Efficienza"),
        ),
    ),
    partners=(
        PartnerStory(
            "Studio Ferrante",
            "accountant",
            "IT",
            (
                boss("Giulia Ferrante", "studioferrante", "it"),
                rep("Luca Moretti", "studioferrante"),
            ),
            8,
            0.48,
            ("IT", "", ""),
        ),
        PartnerStory(
            "Consulenza Brenta",
            "referral",
            "IT",
            (boss("Matteo Zanin", "brenta", "it"), rep("Sara Vitale", "brenta")),
            6,
            0.4,
            ("IT", "", ""),
        ),
        PartnerStory(
            "Officina Verde",
            "reseller",
            "IT",
            (boss("Irene Fabbri", "officinaverde", "it"),),
            5,
            0.35,
            ("IT", "", ""),
        ),
        PartnerStory(
            "Rete Impianti",
            "isv",
            "IT",
            (boss("Andrea Serra", "reteimpianti", "it"),),
            3,
            0.3,
            None,
        ),
    ),
    companies=(
        "Pastificio Aurelio",
        "Officine Bellandi",
        "Cartiera Valsesia",
        "Tessitura Lario",
        "Caseificio Montebello",
        "Falegnameria Rossi",
        "Cantina Poggio Alto",
        "Ceramiche Sassuolo Nord",
        "Hotel Miralago",
        "Molino San Carlo",
        "Vetreria Adriatica",
        "Frantoio Le Querce",
        "Serre Campoverde",
        "Meccanica Trevisan",
        "Lavanderia Azzurra",
        "Panificio Dora",
        "Stamperia Navigli",
        "Conserve Tirreno",
        "Marmi Apuani",
        "Segheria Dolomia",
        "Clinica Villa Serena",
        "Autofficina Po",
        "Salumificio Valle",
        "Confezioni Prato",
        "Imballaggi Emilia",
        "Birrificio Lanterna",
        "Fonderia Camuna",
        "Riseria Sesia",
    ),
    contacts=(
        ("Marco Conti", "Direttore amministrativo"),
        ("Elena Riva", "Responsabile acquisti"),
        ("Paolo Bellandi", "Titolare"),
        ("Francesca Villa", "Amministratrice"),
        ("Giorgio Neri", "Responsabile stabilimento"),
    ),
    reasons_lost=(
        "Hanno rinnovato con il fornitore attuale.",
        "Il consumo è troppo basso per l'offerta.",
    ),
    reasons_declined=("Siamo già in trattativa da prima della segnalazione.",),
    next_steps=(
        "Sopralluogo in stabilimento",
        "Inviare l'analisi delle bollette",
        "Firma del contratto",
    ),
    contexts=(
        "Il contratto attuale scade a gennaio.",
        "Hanno tre stabilimenti e bollette alte.",
        "",
    ),
    referral_count=55,
    branches=("Padova", "Bari", "Bologna", "Verona"),
    unanswered=("Distilleria Grado", "Tipografia Este"),
    seed=11,
)
