"""Builders of tax forms."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from commissions.tax.models import TaxForm, WithholdingRule
from commissions.tax.services import add_requirement, send_form
from commissions.tax.withholding import add_rule
from prm.events.services import SYSTEM, Actor
from tests.builders.objects import Cast, builds
from tests.builders.payouts import NOON
from tests.builders.uploads import PDF, brought


def a_form(partner_id: UUID, **fields: Any) -> TaxForm:
    """Send a signed W-9 as the partner does."""
    known = {"form": "w9", "file": brought(PDF, "w9.pdf"), "actor": Actor(None), "at": NOON}
    return send_form(partner_id=partner_id, **{**known, **fields})


@builds("tax_form")
def _tax_form(cast: Cast) -> UUID:
    return a_form(cast.partner.id).id


@builds("tax_requirement")
def _tax_requirement(cast: Cast) -> int:
    return add_requirement(country="", partner_type="", form="w9", actor=SYSTEM, at=NOON).id


@builds("withholding_rule")
def _withholding_rule(cast: Cast) -> int:
    return withheld_on_half(NOON).id


def withheld_on_half(at: datetime) -> WithholdingRule:
    """Let the vendor keep 23 % of the half of everybody's payments back."""
    return add_rule(
        country="",
        partner_type="",
        rate=Decimal("0.23"),
        share=Decimal("0.5"),
        starts_on=at.date(),
        actor=SYSTEM,
        at=at,
    )
