"""Velden: software from Amsterdam, in English, with partners in many countries and two programs."""

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

VELDEN_AGREEMENT = """## What you do
You introduce companies that could use Velden and tell us who to talk to. You need not sell.

## What you earn
You earn what the plan in force on the day of your referral says, for as long as that referral pays. Later plans
never change it.

## When it is paid
A commission is on hold until the customer's right to cancel has passed. After that it goes into the next monthly
payout, once it is above the minimum. Velden pays the transfer and exchange fees.

## Refunds
When a customer gets money back, your commission on that money is taken back at the rate you were paid.

## Credit
An accepted referral is yours alone for the protection period. Who came first decides, whoever asks.
"""

VELDEN_ACCORDO = """## Che cosa fai
Presenti aziende a cui Velden può servire e indichi con chi parlare. Non devi vendere.

## Quanto guadagni
Guadagni ciò che dice il piano in vigore nel giorno della segnalazione, finché quella segnalazione paga. I piani
successivi non la cambiano mai.

## Quando ricevi il pagamento
Una provvigione resta in attesa fino alla fine del periodo di recesso del cliente. Poi entra nel pagamento mensile
successivo, appena supera il minimo. Le spese di bonifico e di cambio le paga Velden.

## Storni
Se il cliente viene rimborsato, la provvigione su quella somma viene stornata con la stessa percentuale.

## Merito
Una segnalazione accettata è solo tua per il periodo di protezione. Decide chi è arrivato prima, chiunque lo chieda.
"""
VELDEN = TenantStory(
    slug="velden",
    name="Velden",
    legal_name="Velden Software B.V.",
    legal_address="Keizersgracht 1180\n1017 Amsterdam",
    tax_number="NL861204414B01",
    country="NL",
    time_zone="Europe/Amsterdam",
    language="en",
    accent="#0b6b75",
    accent_foreground="#ffffff",
    iban="NL91ABNA0417164300",
    bic="ABNANL2A",
    staff=(
        Person("Daniel Okafor", "daniel@velden.example", "channel_manager", "Channel manager"),
        Person("Marco Villa", "marco@velden.example", "finance", "Accounts payable"),
        Person("Ingrid Solheim", "ingrid@velden.example", "finance", "Head of finance"),
        Person("Hanna de Vries", "hanna@velden.example", "program_admin", "Partner operations"),
        Person("Sofia Lind", "sofia@velden.example", "channel_manager", "Account executive"),
    ),
    programs=(
        ProgramStory(
            "Referral partners",
            "referral-partners",
            "EUR",
            "For accountants and consultants who know companies that run payroll on spreadsheets.",
            {"en": VELDEN_AGREEMENT, "it": VELDEN_ACCORDO},
            (
                PlanStory(
                    13,
                    30,
                    5_000,
                    (
                        RuleStory("qualified", "Qualified-lead bonus", fixed_minor=10_000),
                        RuleStory(
                            "revenue",
                            "Commission on the first payment",
                            rate=Decimal("0.12"),
                            scope="first",
                        ),
                    ),
                    "Start of the program.",
                ),
                PlanStory(
                    7,
                    60,
                    5_000,
                    (
                        RuleStory("qualified", "Qualified-lead bonus", fixed_minor=15_000),
                        RuleStory(
                            "revenue",
                            "Commission, first year",
                            rate=Decimal("0.15"),
                            scope="months",
                            months=12,
                        ),
                    ),
                    "Higher rate, paid on every payment of the first year; longer hold.",
                ),
                PlanStory(
                    0,
                    0,
                    5_000,
                    (
                        RuleStory("qualified", "Qualified-lead bonus", fixed_minor=15_000),
                        RuleStory(
                            "revenue",
                            "Commission, first year",
                            rate=Decimal("0.15"),
                            scope="months",
                            months=12,
                        ),
                    ),
                    "Same rates, no hold: what is earned goes into the next payout.",
                ),
            ),
            (600_000, 3_200_000),
            ("Payroll", "Payroll and expenses", "Growth, yearly", "Time tracking"),
            (
                {
                    "key": "employees",
                    "label": "Employees",
                    "type": "number",
                    "required": False,
                    "choices": [],
                },
                {
                    "key": "need",
                    "label": "Interested in",
                    "type": "choice",
                    "required": False,
                    "choices": ["Payroll", "Expenses", "Time tracking"],
                },
            ),
        ),
        ProgramStory(
            "US agencies",
            "us-agencies",
            "USD",
            "For agencies in the United States that bring Velden into client projects.",
            {"en": VELDEN_AGREEMENT, "it": VELDEN_ACCORDO},
            (
                PlanStory(
                    13,
                    30,
                    10_000,
                    (RuleStory("won", "Commission on the deal", rate=Decimal("0.10")),),
                ),
            ),
            (800_000, 4_000_000),
            ("Payroll", "Growth, yearly"),
        ),
    ),
    partners=(
        PartnerStory(
            "Brightwater Advisory",
            "accountant",
            "IE",
            (
                boss("Aoife Brennan", "brightwater"),
                rep("Niamh Keane", "brightwater"),
                rep("Conor Daly", "brightwater"),
            ),
            9,
            0.46,
            ("IE", "AIBK931152", "12345678"),
            segment="Accounting, 20 or more clients",
        ),
        PartnerStory(
            "Studio Ferrante",
            "accountant",
            "IT",
            (
                boss("Giulia Ferrante", "studioferrante", "it"),
                rep("Luca Moretti", "studioferrante"),
            ),
            7,
            0.5,
            ("IT", "", ""),
        ),
        PartnerStory(
            "Lindqvist Partners",
            "agency",
            "SE",
            (boss("Maja Lindqvist", "lindqvist"), rep("Nils Berg", "lindqvist")),
            5,
            0.4,
            ("SE", "", ""),
        ),
        PartnerStory(
            "Van Aken Fiscaal",
            "accountant",
            "NL",
            (boss("Pieter van Aken", "vanaken"), rep("Lotte Smit", "vanaken")),
            6,
            0.38,
            ("NL", "", ""),
        ),
        PartnerStory(
            "Numera Consulting",
            "accountant",
            "IT",
            (boss("Elisa Conti", "numera", "it"),),
            3,
            0.3,
            ("IT", "", ""),
        ),
        PartnerStory(
            "Juniper & Rowe",
            "agency",
            "GB",
            (boss("Harriet Rowe", "juniper"), rep("Callum Reid", "juniper")),
            6,
            0.32,
            ("GB", "", ""),
        ),
        PartnerStory(
            "Pell & Amis",
            "agency",
            "FR",
            (boss("Camille Pell", "pellamis"),),
            3,
            0.28,
            ("FR", "", ""),
        ),
        PartnerStory(
            "Cobalt Agency",
            "agency",
            "DE",
            (boss("Jonas Weber", "cobalt"), rep("Mia Krause", "cobalt")),
            4,
            0.36,
            None,
        ),
        PartnerStory(
            "Westbrook Bookkeeping",
            "accountant",
            "GB",
            (boss("Owen Price", "westbrook"),),
            3,
            0.12,
            ("GB", "", ""),
        ),
        PartnerStory(
            "Oxbow Labs", "isv", "NL", (boss("Sanne Bakker", "oxbow"),), 2, 0.5, ("NL", "", "")
        ),
        PartnerStory(
            "Marlowe Consulting",
            "referral",
            "IE",
            (boss("Ronan Marlowe", "marlowe"),),
            1,
            0.2,
            ("IE", "", ""),
            state="paused",
        ),
        PartnerStory(
            "Copperfield CPA Group",
            "accountant",
            "US",
            (boss("Dana Whitfield", "copperfield"), rep("Ray Ortiz", "copperfield")),
            8,
            0.42,
            ("", "021000021", "3358901277"),
            program="us-agencies",
        ),
        PartnerStory(
            "Tallgrass Digital",
            "agency",
            "US",
            (boss("Erin Castillo", "tallgrass"), rep("Noah Kim", "tallgrass")),
            5,
            0.36,
            ("", "102000076", "7719003358"),
            program="us-agencies",
        ),
    ),
    companies=(
        "Kestrel Logistics",
        "Harbour & Finch",
        "Oakline Dental Group",
        "Saltmarsh Foods",
        "Lumen Architects",
        "Portside Breweries",
        "Ardmore Joinery",
        "Wexcombe Nurseries",
        "Greyfriars Hotels",
        "Cavendish Interiors",
        "Larkhill Studios",
        "Dunmore Glass",
        "Rosslare Freight",
        "Prairie Data Co",
        "Tidewater Marine",
        "Brackenridge Farms",
        "Clearwell Clinics",
        "Foxglove Bakery",
        "Granite Peak Outdoor",
        "Hollin Manufacturing",
        "Ivywood Schools",
        "Juno Textiles",
        "Kingfisher Print",
        "Longacre Property",
        "Meridian Couriers",
        "Northgate Motors",
        "Orchard Lane Foods",
        "Pinecrest Care",
        "Quayside Hotels",
        "Redstone Quarry",
        "Silverbirch Homes",
        "Thornbury Dental",
        "Umber Ceramics",
        "Valebrook Energy",
        "Westfold Farms",
        "Yarrow Pharmacy",
        "Zephyr Cycles",
        "Amberley Stores",
        "Blackthorn Legal",
        "Copperhill Tools",
        "Driftwood Furniture",
        "Eastbourne Optics",
        "Fernhill Nurseries",
        "Goldcrest Media",
        "Heathland Timber",
        "Inkwell Publishing",
        "Jasper Lane Bakery",
        "Knightly Security",
        "Lakeside Catering",
        "Mossbank Garden",
        "Nettlecombe Wines",
        "Oldbridge Steel",
        "Pebblemoor Spa",
        "Quillfeather Design",
        "Riverstone Foods",
        "Sandhurst Flooring",
        "Tamarisk Events",
        "Upland Dairy",
        "Vinehall Schools",
        "Wychwood Joinery",
        "Alder Grove Vets",
        "Birchfield Motors",
        "Cloverdale Clinics",
        "Dovecote Interiors",
        "Elmswell Packaging",
    ),
    contacts=(
        ("Tom Ashdown", "Finance director"),
        ("Ruth Finch", "COO"),
        ("Marta Reyes", "Group FD"),
        ("Ben Okoro", "Payroll lead"),
        ("Peter Vos", "Partner"),
        ("Nadia Roche", "Head of people"),
        ("Grace Lindley", "Operations manager"),
        ("Samir Patel", "Managing director"),
        ("Helen Marsh", "HR manager"),
        ("Oskar Nyman", "CFO"),
    ),
    reasons_lost=(
        "They stay with their current supplier until the contract ends.",
        "The budget went to another project this year.",
        "They chose a supplier with a local office.",
    ),
    reasons_declined=(
        "Already in talks with our sales team since before your referral.",
        "Fewer than ten employees; Velden starts at ten.",
    ),
    next_steps=(
        "Call Tom about the contract end date",
        "Send the payroll savings sheet",
        "Demo with the finance team",
        "Board decides on the proposal",
    ),
    contexts=(
        "They run payroll on spreadsheets. They asked us for a recommendation in our quarterly review.",
        "Their current supplier renews in January, so timing is good.",
        "We do their accounts. The owner wants expenses off his desk.",
        "",
    ),
    referral_count=130,
    branches=("Cork", "Leeds", "Utrecht", "Bristol", "Ghent", "Aarhus"),
    unanswered=("Fenwick Analytics", "Stonegate Motors"),
)
