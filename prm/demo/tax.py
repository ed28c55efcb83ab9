"""The demo's taxes: VAT from last month on, self-billing and own invoices, tax withheld, forms in every state."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any

from commissions.statements.disputing import accept_dispute, obstacle, open_dispute
from commissions.statements.models import Dispute, StatementLine
from commissions.tax.models import TaxRequirement
from commissions.tax.services import add_requirement, approve_form, refuse_form, send_form
from commissions.tax.withholding import add_rule
from commissions.tax.years import set_threshold
from commissions.vat.checking import confirm_status
from commissions.vat.forms import USUAL_WORDS
from commissions.vat.gate import proposals_for
from commissions.vat.invoicing import InvoiceDraft, send_invoice
from commissions.vat.services import (
    SettingsDraft,
    agree_self_billing,
    save_settings,
    say_status,
    set_rate,
)
from commissions.vat.wording import consent_words
from prm.demo.stage import Stage
from prm.events.services import Actor
from prm.money import Money

RATES = (("NL", "0.21"), ("IT", "0.22"))
# Partner: what it is, its number, whether the vendor writes its invoices.
SAID = {
    "Brightwater Advisory": ("registered", "IE6433435F", True),
    "Studio Ferrante": ("registered", "IT04231800170", True),
    "Lindqvist Partners": ("registered", "SE123456789701", True),
    "Van Aken Fiscaal": ("registered", "NL4495445B01", True),
    "Numera Consulting": ("small", "", True),
    "Pell & Amis": ("registered", "FR40303265045", False),
    "Oxbow Labs": ("registered", "NL804122775B01", False),
    "Copperfield CPA Group": ("registered", "84-1220417", True),
    "Consulenza Brenta": ("registered", "IT07112900266", True),
    "Officina Verde": ("small", "", True),
}
# Country and form that is wanted; partner, number, what came of it and for how many days it counts.
WANTED = {
    "NL": (("IT", "vat_id"), ("DE", "vat_id"), ("US", "w9")),
    "IT": (("IT", "codice_fiscale"),),
}
SENT = (
    ("Studio Ferrante", "vat_id", "IT04231800170", "approved", 26),
    ("Numera Consulting", "vat_id", "IT06900400117", "refused", 0),
    ("Copperfield CPA Group", "w9", "", "approved", 400),
    ("Tallgrass Digital", "w9", "", "received", 0),
    ("Studio Ferrante", "codice_fiscale", "04231800170", "approved", 0),
    ("Consulenza Brenta", "codice_fiscale", "BRNMTT80A01L219K", "approved", 51),
    ("Officina Verde", "codice_fiscale", "05551200347", "approved", 0),
    ("Rete Impianti", "codice_fiscale", "09876540015", "received", 0),
)
_PAPER = b"%PDF-1.7\n1 0 obj << >> endobj\ntrailer << >>\n%%EOF\n"


def plan_tax(stage: Stage) -> None:
    """Begin with VAT on the first day of last month, so that its run is the first with notes."""
    stage.plan(stage.month_start(1), lambda when: _begin(stage, when))


def _begin(stage: Stage, at: datetime) -> None:
    admin = stage.actor(stage.story.staff[1])
    began = date(stage.today.year - 2, 1, 1)
    for country, rate in RATES:
        set_rate(
            country=country,
            rate=Decimal(rate),
            from_on=began,
            source="European Commission, VAT rates",
            actor=admin,
            at=at,
        )
    words = {str(treatment): dict(texts) for treatment, texts in USUAL_WORDS.items()}
    start = stage.month_start(1).date() + timedelta(days=1)
    draft = SettingsDraft(starts_on=start, vat_id=stage.story.tax_number, words=words)
    save_settings(draft=draft, actor=admin, at=at)
    if stage.story.country == "IT":
        add_rule(
            country="IT",
            partner_type="referral",
            rate=Decimal("0.23"),
            share=Decimal("0.5"),
            starts_on=start,
            actor=admin,
            at=at,
        )
    for name, partner in stage.partners.items():
        if name not in SAID:
            continue
        kind, number, bills = SAID[name]
        person = _person(stage, name)
        said = say_status(partner_id=partner.id, kind=kind, number=number, actor=person, at=at)
        confirm_status(status_id=said.id, actor=admin, at=at)
        if bills:
            text = consent_words(stage.story.legal_name)
            agree_self_billing(partner_id=partner.id, text=text, actor=person, at=at)


def seed_tax(stage: Stage, *, now: datetime) -> None:
    """Ask for forms and let partners send them, in the open scope of the tenant; a repeat does nothing."""
    if TaxRequirement.objects.exists():
        return
    finance = stage.actor(stage.story.staff[1])
    at = now - timedelta(days=20)
    for country, form in WANTED[stage.story.country]:
        add_requirement(country=country, partner_type="", form=form, actor=finance, at=at)
    for name, form, number, state, days in SENT:
        if (
            name in stage.partners
            and (stage.partners[name].country, form) in WANTED[stage.story.country]
        ):
            _send(stage, (name, form, number, state, days), now=now)
    for year, minor in ((now.year - 1, 60_000), (now.year, 200_000)):
        set_threshold(
            from_year=year, country="US", amount=Money(minor, "USD"), actor=finance, at=at
        )
    _invoice(stage, now=now)
    _disagree(stage, now=now)


def _send(stage: Stage, sent_form: tuple[str, str, str, str, int], *, now: datetime) -> None:
    name, form, number, state, days = sent_form
    finance, at = stage.actor(stage.story.staff[1]), now - timedelta(days=9)
    sent: dict[str, Any] = {"number": number} if number else {"file": _file(f"{form}.pdf")}
    row = send_form(
        partner_id=stage.partners[name].id, form=form, actor=_person(stage, name), at=at, **sent
    )
    decided = at + timedelta(days=1)
    if state == "approved":
        until = (now + timedelta(days=days)).date() if days else None
        approve_form(form_id=row.id, valid_until=until, actor=finance, at=decided)
    elif state == "refused":
        note = "The number belongs to another company: see the register"
        refuse_form(form_id=row.id, note=note, actor=finance, at=decided)


def _file(name: str) -> BytesIO:
    file = BytesIO(_PAPER)
    file.name = name
    return file


def _invoice(stage: Stage, *, now: datetime) -> None:
    """Let partners without self-billing invoice what is ready; finance finds the invoices in its queue."""
    for name, (_kind, _number, bills) in SAID.items():
        if bills or name not in stage.partners:
            continue
        partner = stage.partners[name]
        for wanted in proposals_for(partner.id, at=now):
            draft = InvoiceDraft(
                currency=wanted.currency,
                number=f"{now.year}/{41 + len(name)}",
                invoiced_on=(now - timedelta(days=1)).date(),
                net_minor=wanted.net_minor,
                vat_minor=wanted.vat_minor,
                upto_id=wanted.upto_id,
            )
            send_invoice(
                partner_id=partner.id,
                draft=draft,
                file=_file("invoice.pdf"),
                actor=_person(stage, name),
                at=now - timedelta(hours=7),
            )


def _disagree(stage: Stage, *, now: datetime) -> None:
    """Let one partner dispute a line that is answered, and another one that waits."""
    if Dispute.objects.exists():
        return
    finance, at = stage.actor(stage.story.staff[1]), now - timedelta(hours=9)
    italian = stage.story.language == "it"
    names = [story.name for story in stage.story.partners[:2]]
    for place, name in enumerate(names):
        line = _line_of(stage, name, at)
        if line is None:
            continue
        dispute = open_dispute(
            line=line,
            partner_id=stage.partners[name].id,
            reason=(
                "Il cliente ha pagato anche il modulo paghe"
                if italian
                else "The customer paid for the payroll module too"
            ),
            wanted_minor=line.amount_minor + 4_500 if place else None,
            evidence=None,
            actor=_person(stage, name),
            at=at,
        )
        if place:
            answer = (
                "Giusto, la fattura del modulo mancava"
                if italian
                else "Right, its invoice was missing"
            )
            accept_dispute(
                dispute_id=dispute.id,
                correction_minor=4_500,
                answer=answer,
                actor=finance,
                at=now - timedelta(hours=3),
            )


def _line_of(stage: Stage, name: str, at: datetime) -> StatementLine | None:
    lines = StatementLine.objects.filter(
        partner_id=stage.partners[name].id, section="earned"
    ).select_related("statement")
    for line in lines.order_by("-statement__issued_at", "position")[:20]:
        if line.statement.issued_at < at and not obstacle(line, at=at):
            return line
    return None


def _person(stage: Stage, name: str) -> Actor:
    story = next(story for story in stage.story.partners if story.name == name)
    return stage.actor(story.people[0])
