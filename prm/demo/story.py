"""Who and what the demo is about. Every name is invented; addresses end in .example."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

PASSWORD = "portal-demo-2026"  # noqa: S105  printed at every start of the demo


@dataclass(frozen=True)
class Person:
    """Somebody who signs in; role is one of prm.accounts.capabilities.Role."""

    name: str
    email: str
    role: str
    title: str = ""
    language: str = ""


@dataclass(frozen=True)
class PartnerStory:
    """A partner: weight is how often it refers, skill the chance that a referral is won."""

    name: str
    type: str
    country: str
    people: tuple[Person, ...]
    weight: int
    skill: float
    iban: tuple[str, str, str] | None = None
    program: str = ""
    state: str = "active"
    segment: str = ""


@dataclass(frozen=True)
class RuleStory:
    """A rule of a plan: exactly one of fixed_minor and rate."""

    trigger: str
    label: str
    fixed_minor: int | None = None
    rate: Decimal | None = None
    scope: str = ""
    months: int | None = None


@dataclass(frozen=True)
class PlanStory:
    """A version of a plan, in force from the first of the month that many months ago."""

    months_ago: int
    hold_days: int
    minimum_minor: int
    rules: tuple[RuleStory, ...]
    note: str = ""


@dataclass(frozen=True)
class ProgramStory:
    """A program with its plan versions; deals lie between the two amounts, in minor units."""

    name: str
    slug: str
    currency: str
    summary: str
    # Per language.
    agreement: Mapping[str, str]
    plans: tuple[PlanStory, ...]
    deal_minor: tuple[int, int]
    products: tuple[str, ...]
    custom_fields: tuple[dict[str, object], ...] = ()


@dataclass(frozen=True)
class TenantStory:
    """A vendor of the demo; staff[0] manages the channel, [1] and [2] are finance, [3] administers the program."""

    slug: str
    name: str
    legal_name: str
    legal_address: str
    tax_number: str
    country: str
    time_zone: str
    language: str
    accent: str
    accent_foreground: str
    iban: str
    bic: str
    staff: tuple[Person, ...]
    programs: tuple[ProgramStory, ...]
    partners: tuple[PartnerStory, ...]
    companies: tuple[str, ...]
    contacts: tuple[tuple[str, str], ...]
    reasons_lost: tuple[str, ...]
    reasons_declined: tuple[str, ...]
    next_steps: tuple[str, ...]
    contexts: tuple[str, ...]
    referral_count: int
    # Branches that tell companies of one name apart, and two companies nobody has answered yet.
    branches: tuple[str, ...]
    unanswered: tuple[str, str]
    seed: int = 7
    extra: dict[str, str] = field(default_factory=dict)


def _rep(name: str, company: str) -> Person:
    first = name.split(maxsplit=1)[0].lower()
    return Person(name, f"{first}@{company}.example", "partner_rep")


def _boss(name: str, company: str, language: str = "") -> Person:
    first = name.split(maxsplit=1)[0].lower()
    return Person(name, f"{first}@{company}.example", "partner_admin", language=language)


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
                _boss("Aoife Brennan", "brightwater"),
                _rep("Niamh Keane", "brightwater"),
                _rep("Conor Daly", "brightwater"),
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
                _boss("Giulia Ferrante", "studioferrante", "it"),
                _rep("Luca Moretti", "studioferrante"),
            ),
            7,
            0.5,
            ("IT", "", ""),
        ),
        PartnerStory(
            "Lindqvist Partners",
            "agency",
            "SE",
            (_boss("Maja Lindqvist", "lindqvist"), _rep("Nils Berg", "lindqvist")),
            5,
            0.4,
            ("SE", "", ""),
        ),
        PartnerStory(
            "Van Aken Fiscaal",
            "accountant",
            "NL",
            (_boss("Pieter van Aken", "vanaken"), _rep("Lotte Smit", "vanaken")),
            6,
            0.38,
            ("NL", "", ""),
        ),
        PartnerStory(
            "Numera Consulting",
            "accountant",
            "IT",
            (_boss("Elisa Conti", "numera", "it"),),
            3,
            0.3,
            ("IT", "", ""),
        ),
        PartnerStory(
            "Juniper & Rowe",
            "agency",
            "GB",
            (_boss("Harriet Rowe", "juniper"), _rep("Callum Reid", "juniper")),
            6,
            0.32,
            ("GB", "", ""),
        ),
        PartnerStory(
            "Pell & Amis",
            "agency",
            "FR",
            (_boss("Camille Pell", "pellamis"),),
            3,
            0.28,
            ("FR", "", ""),
        ),
        PartnerStory(
            "Cobalt Agency",
            "agency",
            "DE",
            (_boss("Jonas Weber", "cobalt"), _rep("Mia Krause", "cobalt")),
            4,
            0.36,
            None,
        ),
        PartnerStory(
            "Westbrook Bookkeeping",
            "accountant",
            "GB",
            (_boss("Owen Price", "westbrook"),),
            3,
            0.12,
            ("GB", "", ""),
        ),
        PartnerStory(
            "Oxbow Labs", "isv", "NL", (_boss("Sanne Bakker", "oxbow"),), 2, 0.5, ("NL", "", "")
        ),
        PartnerStory(
            "Marlowe Consulting",
            "referral",
            "IE",
            (_boss("Ronan Marlowe", "marlowe"),),
            1,
            0.2,
            ("IE", "", ""),
            state="paused",
        ),
        PartnerStory(
            "Copperfield CPA Group",
            "accountant",
            "US",
            (_boss("Dana Whitfield", "copperfield"), _rep("Ray Ortiz", "copperfield")),
            8,
            0.42,
            ("", "021000021", "3358901277"),
            program="us-agencies",
        ),
        PartnerStory(
            "Tallgrass Digital",
            "agency",
            "US",
            (_boss("Erin Castillo", "tallgrass"), _rep("Noah Kim", "tallgrass")),
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
                _boss("Giulia Ferrante", "studioferrante", "it"),
                _rep("Luca Moretti", "studioferrante"),
            ),
            8,
            0.48,
            ("IT", "", ""),
        ),
        PartnerStory(
            "Consulenza Brenta",
            "referral",
            "IT",
            (_boss("Matteo Zanin", "brenta", "it"), _rep("Sara Vitale", "brenta")),
            6,
            0.4,
            ("IT", "", ""),
        ),
        PartnerStory(
            "Officina Verde",
            "reseller",
            "IT",
            (_boss("Irene Fabbri", "officinaverde", "it"),),
            5,
            0.35,
            ("IT", "", ""),
        ),
        PartnerStory(
            "Rete Impianti",
            "isv",
            "IT",
            (_boss("Andrea Serra", "reteimpianti", "it"),),
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

# Where partners of a country have their office.
ADDRESSES = {
    "DE": "Lindenstraße 40\n50674 Köln",
    "FR": "12 rue des Tanneurs\n59000 Lille",
    "GB": "5 Castle Street\nBristol BS1 3AD",
    "IE": "14 Wharf Lane\nDublin 2, D02 XY55",
    "IT": "Via Garibaldi 21\n10122 Torino",
    "NL": "Oudegracht 88\n3511 AV Utrecht",
    "SE": "Vasagatan 11\n411 24 Göteborg",
    "US": "1420 Blake Street\nDenver, CO 80202",
}
TENANTS = (VELDEN, SOLEA)
