"""What calls carry and what they are answered; shapes only, the meaning is checked by the same forms as on pages."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.utils.translation import gettext
from ninja import Schema
from pydantic import AfterValidator, AwareDatetime, ConfigDict, Field, StrictBool, StrictInt

# PostgreSQL's bigint.
MOST_MINOR = 9_223_372_036_854_775_807


def _storable(text: str) -> str:
    if "\x00" in text or any("\ud800" <= sign <= "\udfff" for sign in text):
        raise ValueError(gettext("This text holds signs that cannot be stored"))
    return text


Text = Annotated[str, Field(strict=True), AfterValidator(_storable)]
# Integers in minor units: 12,50 EUR is 1250. Floats, texts and negative numbers are refused, not rounded.
Minor = Annotated[StrictInt, Field(gt=0, le=MOST_MINOR)]
ExternalId = Annotated[Text, Field(min_length=1, max_length=120, pattern=r"^[\x21-\x7e]+$")]
LeadId = Annotated[Text, Field(min_length=1, max_length=80, pattern=r"^[\x21-\x7e]+$")]
Currency = Annotated[Text, Field(pattern=r"^[A-Z]{3}$", examples=["EUR"])]


class Strict(Schema):
    """A body in which a misspelt field is told, not passed over."""

    model_config = ConfigDict(extra="forbid")


class Contact(Strict):
    """The person to speak with."""

    name: Annotated[Text, Field(min_length=1, max_length=120, examples=["Tom Ashdown"])]
    email: Annotated[Text, Field(min_length=1, max_length=254, examples=["tom@kestrel.example"])]
    title: Annotated[Text, Field(max_length=120)] = ""
    phone: Annotated[Text, Field(max_length=40)] = ""


class ReferralIn(Strict):
    """A prospect, as on the form: company and contact suffice, then the program's own questions."""

    company: Annotated[Text, Field(min_length=1, max_length=160, examples=["Kestrel Logistics"])]
    contact: Contact
    program: Annotated[
        Text,
        Field(
            max_length=60,
            description="The program's short name; needed only where the partner is in several.",
        ),
    ] = ""
    partner: Annotated[
        UUID | None, Field(description="For keys of the vendor: whose referral it is.")
    ] = None
    website: Annotated[Text, Field(max_length=200)] = ""
    country: Annotated[Text, Field(max_length=2, description="ISO 3166 code.")] = ""
    tax_id: Annotated[Text, Field(max_length=40)] = ""
    context: Annotated[Text, Field(max_length=4000)] = ""
    consent: Annotated[
        StrictBool, Field(description="The contact knows that their details are shared.")
    ] = False
    role: Literal["intro", "cosell"] = "intro"
    relationship: Literal["", "client", "supplier", "personal", "event", "none"] = ""
    answers: Annotated[
        dict[str, Any], Field(description="Answers to the program's own questions, by their key.")
    ] = {}


class MoneyOut(Schema):
    """An amount in minor units."""

    amount_minor: int
    currency: str


class ContactOut(Schema):
    """The person to speak with; empty once they had their data erased."""

    name: str
    email: str
    title: str
    phone: str


class ReferralOut(Schema):
    """A referral as its partner sees it."""

    id: UUID
    number: str
    status: Annotated[
        str,
        Field(
            description="submitted, accepted, qualified, opportunity, won, lost, rejected or expired."
        ),
    ]
    stage: Annotated[str, Field(description="The program's own word for where it stands.")]
    under_review: Annotated[
        bool, Field(description="A person looks at it before anything goes on.")
    ]
    company: str
    website: str
    country: str
    contact: ContactOut
    program: str
    partner: UUID
    lead_id: str
    deal: MoneyOut | None
    registered_at: datetime
    answer_due_at: datetime | None
    decided_at: datetime | None
    protected_until: datetime | None
    closed_at: datetime | None
    next_step: str


class ReferralList(Schema):
    """One page of referrals, newest first."""

    items: list[ReferralOut]
    next: Annotated[
        str | None, Field(description="Give it as `after` to get the next page; null on the last.")
    ]


class CheckIn(Strict):
    """What is known of a company before it is sent; website, email or tax number is needed."""

    company: Annotated[Text, Field(max_length=160)] = ""
    website: Annotated[Text, Field(max_length=200)] = ""
    email: Annotated[Text, Field(max_length=254)] = ""
    tax_id: Annotated[Text, Field(max_length=40)] = ""
    country: Annotated[Text, Field(max_length=2)] = ""
    partner: Annotated[UUID | None, Field(description="For keys of the vendor: who asks.")] = None


class CheckOut(Schema):
    """Whether the company can be registered; never who knows it."""

    answer: Annotated[
        Literal["open", "review"], Field(description="review: send it, a person decides.")
    ]


class _Reported(Strict):
    """What every event says."""

    id: Annotated[
        ExternalId, Field(description="The event's id in your system; the same id counts once.")
    ]
    occurred_at: AwareDatetime


class LeadIn(_Reported):
    """A prospect came through a partner."""

    type: Literal["lead"]
    lead_id: Annotated[
        LeadId, Field(description="The prospect's id in your system; sales name it.")
    ]
    referral: ReferralIn


class _Paid(_Reported):
    """Money of one prospect or customer."""

    lead_id: Annotated[Text, Field(max_length=80)] = ""
    referral: Annotated[
        Text,
        Field(
            max_length=40, description="Number or id of the referral, where there is no lead_id."
        ),
    ] = ""
    amount_minor: Minor
    currency: Currency
    code: Annotated[
        Text,
        Field(max_length=40, description="The code that the customer gave, whoever's it is."),
    ] = ""
    tax_minor: Annotated[
        StrictInt, Field(ge=0, le=MOST_MINOR, description="Tax in the amount.")
    ] = 0
    discount_minor: Annotated[
        StrictInt,
        Field(ge=0, le=MOST_MINOR, description="Discount in the amount that the customer keeps."),
    ] = 0
    is_unpaid: Annotated[
        StrictBool, Field(description="An invoice; send a receipt for each part that comes in.")
    ] = False
    product: Annotated[Text, Field(max_length=120)] = ""
    term_months: Annotated[StrictInt | None, Field(ge=1, le=1200)] = None
    metadata: Annotated[
        dict[
            Annotated[Text, Field(min_length=1, max_length=40)],
            Annotated[Text, Field(max_length=200)],
        ],
        Field(max_length=20, description="Names and values of your own that plans may ask for."),
    ] = {}


class SaleIn(_Paid):
    """The customer bought; the first sale wins the referral."""

    type: Literal["sale"]


class RenewalIn(_Paid):
    """The customer paid for the next period."""

    type: Literal["renewal"]


class ExpansionIn(_Paid):
    """The customer bought more."""

    type: Literal["expansion"]


class RefundIn(_Reported):
    """Money was given back on one sale or renewal, all of it or a part."""

    type: Literal["refund"]
    refunds: Annotated[ExternalId, Field(description="The id of the sale or renewal.")]
    amount_minor: Minor
    currency: Currency


class ChargebackIn(RefundIn):
    """The bank took the money back."""

    type: Literal["chargeback"]  # type: ignore[assignment]


class ReceiptIn(_Reported):
    """Money came in on an invoice that was reported unpaid, all of it or a part."""

    type: Literal["receipt"]
    pays: Annotated[ExternalId, Field(description="The id of the invoice's sale or renewal.")]
    amount_minor: Minor
    currency: Currency


EventIn = Annotated[
    LeadIn | SaleIn | RenewalIn | ExpansionIn | RefundIn | ChargebackIn | ReceiptIn,
    Field(discriminator="type"),
]
EVENT_TYPES = ("lead", "sale", "renewal", "expansion", "refund", "chargeback", "receipt")


class EventOut(Schema):
    """What an event did."""

    id: str
    type: str
    referral: UUID
    number: str
    status: str
    revenue_id: Annotated[UUID | None, Field(description="What was booked; null for a lead.")]
    code: Annotated[
        Literal["", "counted", "there_already", "second", "other_partner", "unknown"],
        Field(
            description="What became of the customer's code. second: the customer came with another one;"
            " other_partner: noted for whoever decides on the credit, which did not move; unknown: no partner's code."
        ),
    ] = ""


class FieldErrorOut(Schema):
    """One field to mend."""

    field: str
    message: str


class ProblemOut(Schema):
    """Why a call was refused (RFC 9457). `code` never changes; the words are in the language you ask for."""

    type: str
    title: str
    status: int
    code: str
    detail: str = ""
    errors: list[FieldErrorOut] = []
