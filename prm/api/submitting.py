"""A referral from a call: the partner and program it is for, checked by the form that pages use."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from django.utils.formats import localize_input
from django.utils.translation import gettext

from partners.directory.models import Partner
from partners.directory.moves import tenant_day
from partners.onboarding.unlocks import FeatureLocked
from partners.programs.models import Program
from prm.api.auth import CallerRequest
from prm.api.problems import FieldError, Problem, invalid
from prm.api.schemas import ReferralIn
from referrals.intake.forms import CUSTOM, ReferralForm
from referrals.intake.refusals import refusal_words
from referrals.intake.selectors import programs_open_to
from referrals.intake.services import NotEnrolled, ProbationFull, ReferralDraft, submit_referral
from referrals.pipeline.hooks import MoveRefused
from referrals.pipeline.models import Referral, Source

# The form's names and the API's.
_FIELDS = {
    "contact_name": "contact.name",
    "contact_email": "contact.email",
    "contact_title": "contact.title",
    "contact_phone": "contact.phone",
}


def submitted(request: CallerRequest, sent: ReferralIn, *, at: datetime) -> Referral:
    """Register what a call sent, for the key's partner or, with a key of the vendor, for the partner it names.

    Nobody is the sender: no person gets the progress mails. Raises Problem.
    """
    partner_id = partner_of(request, sent.partner)
    draft = _draft(request, sent, _program(partner_id, sent.program, at))
    try:
        return submit_referral(
            draft=draft,
            partner_id=partner_id,
            submitted_by_id=None,
            actor=request.caller.actor,
            at=at,
            key=None,
        )
    except NotEnrolled:
        raise refused(
            gettext("This program takes no referrals from this partner right now")
        ) from None
    except (FeatureLocked, ProbationFull, MoveRefused) as closed:
        raise refused(refusal_words(closed)) from None


def partner_of(request: CallerRequest, named: UUID | None) -> UUID:
    """Return the key's own partner, or the one that a key of the vendor names. Raises Problem."""
    own = request.caller.partner_id
    if own is not None:
        if named not in (None, own):
            raise invalid([FieldError("partner", gettext("This key is for another partner"))])
        return own
    if named is None:
        raise invalid(
            [FieldError("partner", gettext("Name the partner: this key is the vendor's"))]
        )
    if not Partner.objects.filter(id=named).exists():
        raise invalid([FieldError("partner", gettext("There is no such partner"))])
    return named


def refused(words: str) -> Problem:
    """A rule of the business says no: sending the same again changes nothing."""
    return Problem(409, "refused", gettext("This cannot be done now"), detail=words)


def _program(partner_id: UUID, slug: str, at: datetime) -> Program:
    programs = programs_open_to(partner_id, day=tenant_day(at))
    if not programs:
        raise refused(gettext("This partner is in no program that takes referrals"))
    if not slug:
        if len(programs) > 1:
            raise invalid([FieldError("program", _one_of(programs))])
        return programs[0]
    found = next((program for program in programs if program.slug == slug), None)
    if found is None:
        raise invalid([FieldError("program", _one_of(programs))])
    return found


def _one_of(programs: list[Program]) -> str:
    known = ", ".join(program.slug for program in programs)
    return gettext("Give one of these: %(known)s") % {"known": known}


def _draft(request: CallerRequest, sent: ReferralIn, program: Program) -> ReferralDraft:
    """Return what the form makes of it; the form's errors under the API's names of fields. Raises Problem."""
    form = ReferralForm(
        {
            "company": sent.company,
            "website": sent.website,
            "country": sent.country,
            "contact_name": sent.contact.name,
            "contact_email": sent.contact.email,
            "contact_title": sent.contact.title,
            "contact_phone": sent.contact.phone,
            "context": sent.context,
            "consent": sent.consent,
            **_answers(sent.answers, program),
        },
        program=program,
        vendor=request.tenant.name,
    )
    if not form.is_valid():
        raise invalid(
            FieldError(_named(name), str(message))
            for name, messages in form.errors.items()
            for message in messages
        )
    return replace(
        form.draft,
        source=Source.API,
        tax_id=sent.tax_id,
        role=sent.role,
        relationship=sent.relationship,
    )


def _answers(answers: dict[str, Any], program: Program) -> dict[str, Any]:
    """Return answers as the form reads them. Raises Problem for an unknown question or an answer of another kind."""
    kinds = {question["key"]: question["type"] for question in program.custom_fields}
    errors, read = [], {}
    for key, value in answers.items():
        if key not in kinds:
            errors.append(FieldError(f"answers.{key}"[:100], gettext("There is no such question")))
            continue
        try:
            read[CUSTOM + key] = _answer(kinds[key], value)
        except (ValueError, InvalidOperation):
            errors.append(FieldError(f"answers.{key}", gettext("This value cannot be used")))
    if errors:
        raise invalid(errors)
    return read


def _answer(kind: str, value: Any) -> Any:
    if value is None:
        return ""
    if kind == "yes_no":
        if not isinstance(value, bool):
            raise ValueError(value)
        return value
    if kind == "number":
        # As JSON writes numbers; the form reads them as the language does.
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise ValueError(value)
        number = Decimal(str(value))
        if not number.is_finite():
            raise ValueError(value)
        return localize_input(number)
    if not isinstance(value, str) or "\x00" in value:
        raise ValueError(value)
    return value


def _named(field: str) -> str:
    if field == "__all__":
        return ""
    if field.startswith(CUSTOM):
        return f"answers.{field.removeprefix(CUSTOM)}"
    return _FIELDS.get(field, field)
