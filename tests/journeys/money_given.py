"""What is there before the walk through the money: two programs, three partners, a year under the old terms."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from commissions.payouts.details import PayoutDetails, save_debtor_account, save_payout_details
from commissions.payouts.settings import AchHead, Clock, save_payout_settings
from commissions.plans.services import PlanTerms, RuleTerms, create_version, publish_version
from partners.directory.models import Enrollment, Partner
from partners.programs.models import Program
from prm.accounts.capabilities import Role
from prm.accounts.models import User
from prm.events.services import SYSTEM
from prm.money import Money
from prm.tenancy.models import Tenant
from referrals.revenue.services import Sold, record_payment, win_referral
from tests.builders.people import a_member
from tests.builders.referrals import a_partner, a_program, a_referral, stage_of

NIAMH, RAE = "niamh@brightwater.example", "rae@brightwater.example"
GIULIA, LUCA = "giulia@studioferrante.example", "luca@studioferrante.example"
KIM = "kim@kite.example"
LONG_AGO = datetime(2029, 1, 1, tzinfo=UTC)
# Customer, kind, day of 2029, gross and tax in cents.
HISTORY = {
    "Brightwater": (
        ("Alder Freight", "sale", (5, 14), 12_300_00, 2_300_00),
        ("Alder Freight", "renewal", (11, 14), 4_920_00, 920_00),
    ),
    "Studio Ferrante": (("Birra Nord", "sale", (9, 3), 2_861_63, 516_03),),
}


def the_given(acme: Tenant, at: datetime) -> dict[str, UUID]:
    """Make it all; what was earned in 2029 is booked now, when the vendor begins its books. Returns ids by name."""
    old, dollars = _programs(at)
    partners = {
        "Brightwater": _partner(acme, "Brightwater", old, ((NIAMH, "Niamh Byrne"),), country="IE"),
        "Studio Ferrante": _partner(acme, "Studio Ferrante", old, ((GIULIA, "Giulia Ferrante"),)),
        "Kite Partners": _partner(acme, "Kite Partners", dollars, ((KIM, "Kim Kite"),)),
    }
    User.objects.filter(email=GIULIA).update(language="it")
    for name, email, who in (("Brightwater", RAE, "Rae Quinn"), ("Studio Ferrante", LUCA, "Luca")):
        inside: dict[str, Any] = {"partner_id": partners[name].id, "partner_name": name}
        a_member(acme, Role.PARTNER_REP, email, name=who, **inside)
    _accounts(partners)
    for name, payments in HISTORY.items():
        _sold_last_year(partners[name], old, payments, at)
    return {name: partner.id for name, partner in partners.items()} | {
        "EUR": old.id,
        "USD": dollars.id,
    }


def _programs(at: datetime) -> tuple[Program, Program]:
    """Euros: 8 % of the gross first payment, twenty days' notice of changes. Dollars: 15 % of every payment."""
    euros = a_program("referral", name="Referral partners")
    dollars = a_program("overseas", name="Overseas partners", currency="USD")
    for program, rate, scope in ((euros, "0.08", "first"), (dollars, "0.15", "lifetime")):
        draft = create_version(
            program_id=program.id,
            terms=PlanTerms(
                (RuleTerms("revenue", "percent", rate=Decimal(rate), scope=scope),),
                notice_days=20,
            ),
            starts_at=LONG_AGO,
            actor=SYSTEM,
            at=at,
        )
        publish_version(version_id=draft.id, actor=SYSTEM, at=at)
    return euros, dollars


def _partner(
    acme: Tenant, name: str, program: Program, people: tuple[tuple[str, str], ...], **facts: Any
) -> Partner:
    partner = a_partner(name, program=program, **facts)
    Enrollment.objects.filter(partner=partner).update(since=LONG_AGO)
    inside: dict[str, Any] = {"partner_id": partner.id, "partner_name": partner.name}
    for email, who in people:
        a_member(acme, Role.PARTNER_ADMIN, email, name=who, **inside)
    return partner


def _accounts(partners: dict[str, Partner]) -> None:
    details = {
        "Brightwater": PayoutDetails(
            "sepa", "Brightwater Ltd", "IE29AIBK93115212345678", country="IE"
        ),
        "Studio Ferrante": PayoutDetails(
            "sepa", "Studio Ferrante Srl", "IT60X0542811101000000123456", country="IT"
        ),
        "Kite Partners": PayoutDetails(
            "ach", "Kite Partners Inc", "000123456789", routing="021000021", ach_kind="checking"
        ),
    }
    for name, account in details.items():
        save_payout_details(
            partner_id=partners[name].id, details=account, actor=SYSTEM, at=LONG_AGO
        )
    save_debtor_account(iban="DE89370400440532013000", bic="COBADEFFXXX", actor=SYSTEM, at=LONG_AGO)
    save_payout_settings(
        methods=["sepa", "ach"],
        clock=Clock(),
        head=AchHead("021000021", "1234567890", "Acme Inc", "First Bank"),
        actor=SYSTEM,
        at=LONG_AGO,
    )


def _sold_last_year(partner: Partner, program: Program, payments: Any, at: datetime) -> None:
    company = payments[0][0]
    referral = a_referral(
        datetime(2029, 2, 1, 9, tzinfo=UTC),
        partner=partner,
        program=program,
        stage="accepted",
        company=company,
    )
    customer = win_referral(
        referral_id=referral.id,
        to_stage_id=stage_of(program.id, "won").id,
        deal=Money(0, "EUR"),
        actor=SYSTEM,
        at=at,
    )
    for number, (_, kind, (month, day), gross, tax) in enumerate(payments, start=1):
        record_payment(
            external_id=f"{company}-{number}",
            kind=kind,
            customer_id=customer.id,
            amount=Money(gross, "EUR"),
            booked_at=datetime(2029, month, day, 11, tzinfo=UTC),
            source="import",
            actor=SYSTEM,
            at=at,
            sold=Sold(tax_minor=tax),
        )
