"""The partner's pages about agreements, and the page of a signature, which staff read too."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from partners.agreements.differences import changes_between
from partners.agreements.forms import SignForm
from partners.agreements.models import Acceptance, AgreementVersion
from partners.agreements.panels import effect_of
from partners.agreements.paper import copy_name, stored_copy
from partners.agreements.rules import readable_hash, text_hash
from partners.agreements.selectors import (
    AgreementDue,
    MergedText,
    acceptances_of,
    agreement_due,
    merged_for,
    newest_acceptance,
    signing_programs,
    version_in_force,
)
from partners.agreements.services import NotToSign, TextChanged, accept, ask_for_pdf
from partners.agreements.telling import signers
from partners.directory.models import Partner
from partners.directory.people_merging import kept_login
from partners.programs.models import Program
from partners.programs.texts import rendered
from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs
from prm.accounts.members import MemberRequest
from prm.web.choices import language_in_words
from prm.web.htmx import hx_redirect


@dataclass(frozen=True)
class ProgramLine:
    """A program in the partner's list of agreements."""

    program: Program
    due: AgreementDue | None
    accepted: Acceptance | None
    has_text: bool


@require_safe
@needs(Capability.PARTNER_HOME)
def agreement(request: MemberRequest) -> HttpResponse:
    """Show the agreements of the partner's programs: what is due, what is signed; a single one is opened at once."""
    if request.member.partner_id is None:
        raise Http404
    partner_id, at = request.member.partner_id, timezone.now()
    programs = signing_programs(partner_id)
    if len(programs) == 1:
        return _page(request, programs[0], form=None, at=at)
    lines = [_line(program, partner_id, at) for program in programs]
    context = {"lines": lines, "signed": acceptances_of(partner_id), "now": at}
    return render(request, "partners/agreements/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.PARTNER_HOME)
def agreement_sign(request: MemberRequest, program_id: UUID) -> HttpResponse:
    """Show a program's agreement as the partner gets it; those who may sign it do so here."""
    if request.member.partner_id is None:
        raise Http404
    at = timezone.now()
    program = next(
        (p for p in signing_programs(request.member.partner_id) if p.id == program_id), None
    )
    if program is None:
        raise Http404
    if request.method != "POST":
        return _page(request, program, form=None, at=at)
    if not request.member.may(Capability.SIGN_AGREEMENT):
        return _page(request, program, form=None, at=at, status=403)
    form, has_changed = SignForm(request.POST), False
    if form.is_valid():
        try:
            accepted = accept(
                version_id=_posted_version(request),
                partner_id=request.member.partner_id,
                shown_hash=request.POST.get("digest", ""),
                language=request.POST.get("language", ""),
                signer_name=form.cleaned_data["signer_name"],
                signer_title=form.cleaned_data["signer_title"],
                ip=_address(request),
                user_agent=request.headers.get("User-Agent", ""),
                actor=request.member.actor,
                at=at,
            )
        except TextChanged:
            # A yes is to a text: the new one needs a new tick.
            form, has_changed = SignForm(initial={**form.cleaned_data, "agreed": False}), True
        except NotToSign:
            raise Http404 from None
        else:
            messages.success(request, _("The agreement is signed. Your copy is being made."))
            return hx_redirect(request, "partners:agreement-signed", acceptance_id=accepted.id)
    return _page(request, program, form=form, has_changed=has_changed, at=at, status=422)


@require_safe
@needs(Capability.PARTNER_HOME, Capability.SEE_PARTNERS)
def agreement_signed(request: MemberRequest, acceptance_id: UUID) -> HttpResponse:
    """Show one signature with its text and evidence, and whether text and hash belong together."""
    found = _acceptance(request, acceptance_id)
    context = {
        "acceptance": found,
        "text": rendered(found.text),
        "digest": readable_hash(found.text_hash),
        "is_whole": text_hash(found.text) == found.text_hash,
        "kept_login": kept_login(found.user_id),
        "language": dict(settings.LANGUAGES).get(found.language, found.language),
        "back_url": _back_url(request, found),
    }
    return render(request, "partners/agreements/signed.html", context)


@require_safe
@needs(Capability.PARTNER_HOME, Capability.SEE_PARTNERS)
def agreement_pdf(request: MemberRequest, acceptance_id: UUID) -> HttpResponse:
    """Hand out the copy of a signed agreement, or a page that looks again while the worker makes it."""
    found = _acceptance(request, acceptance_id)
    path = stored_copy(found)
    if path is None:
        # Nothing can be asked for while somebody only looks: what a view writes is rolled back.
        reading_only = request.member.viewing is not None
        if not reading_only:
            ask_for_pdf(found)
        context = {
            "acceptance": found,
            "reading_only": reading_only,
            "back_url": reverse("partners:agreement-signed", args=[found.id]),
        }
        waiting = render(request, "partners/agreements/copy_wait.html", context, status=202)
        if not reading_only:
            waiting.headers["Refresh"] = "2"
        return waiting
    response = FileResponse(
        path.open("rb"),
        as_attachment=True,
        filename=copy_name(found),
        content_type="application/pdf",
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    return cast("HttpResponse", response)  # a file, but guards and middleware see a response


def _page(
    request: MemberRequest,
    program: Program,
    *,
    form: SignForm | None,
    at: datetime,
    has_changed: bool = False,
    status: int = 200,
) -> HttpResponse:
    partner = Partner.objects.get(id=request.member.own_partner_id)
    due = agreement_due(partner.id, program.id, at)
    version = due.version if due else version_in_force(program.id, at)
    accepted = newest_acceptance(partner.id, program.id)
    context: dict[str, Any] = {
        "program": program,
        "version": version,
        "due": due,
        "accepted": accepted,
        "signed": acceptances_of(partner.id),
        "has_changed": has_changed,
        "has_other_programs": len(signing_programs(partner.id)) > 1,
    }
    if version is not None:
        context |= _text(request, version, due, accepted, partner, form, at)
    return render(request, "partners/agreements/agreement.html", context, status=status)


def _text(  # noqa: PLR0917  the page's parts, read once
    request: MemberRequest,
    version: AgreementVersion,
    due: AgreementDue | None,
    accepted: Acceptance | None,
    partner: Partner,
    form: SignForm | None,
    at: datetime,
) -> dict[str, Any]:
    """Return the text: the signed one as it was signed, one to sign merged for the reader with what it changes."""
    languages = [code for code, text in version.texts.items() if text]
    asked = request.GET.get("language", "")
    if due is None and accepted is not None:
        return {"text": rendered(accepted.text), "languages": [], "read_in": accepted.language}
    shown = merged_for(
        version,
        partner=partner,
        language=asked if asked in languages else (get_language() or "en"),
        at=at,
    )
    may_sign = request.member.may(Capability.SIGN_AGREEMENT)
    found: dict[str, Any] = {
        "text": rendered(shown.text),
        "read_in": language_in_words(shown.language),
        "languages": [
            (code, language_in_words(code)) for code in languages if code != shown.language
        ],
        "is_foreign": shown.language != (get_language() or "en"),
        "may_sign": may_sign,
        "signers": [] if may_sign else signers(partner.id),
        "lacks": [
            words
            for value, words in (
                (partner.legal_name, _("legal name")),
                (partner.address, _("address")),
            )
            if not value
        ],
    }
    if may_sign:
        found["shown"] = shown
        found["form"] = form or SignForm(initial={"signer_name": request.member.name})
    if accepted is not None:
        found["changes"] = changes_between(_former_text(accepted, shown, partner, at), shown.text)
        if may_sign or request.member.may(Capability.SEE_EARNINGS):
            found["effect"] = effect_of(
                partner_id=partner.id,
                program_id=version.program_id,
                plan_version_id=accepted.terms.get("plan_version_id", ""),
                at=at,
            )
    return found


def _former_text(accepted: Acceptance, shown: MergedText, partner: Partner, at: datetime) -> str:
    """Return what the partner signed; in the language it now reads when it signed in another one."""
    if accepted.language == shown.language or not accepted.version.texts.get(shown.language):
        return accepted.text
    return merged_for(accepted.version, partner=partner, language=shown.language, at=at).text


def _line(program: Program, partner_id: UUID, at: datetime) -> ProgramLine:
    return ProgramLine(
        program,
        agreement_due(partner_id, program.id, at),
        newest_acceptance(partner_id, program.id),
        version_in_force(program.id, at) is not None,
    )


def _acceptance(request: MemberRequest, acceptance_id: UUID) -> Acceptance:
    rows = Acceptance.objects.select_related("version", "program", "partner", "user")
    if not request.member.is_staff:
        rows = rows.filter(partner_id=request.member.own_partner_id)
    return get_object_or_404(rows, id=acceptance_id)


def _back_url(request: MemberRequest, acceptance: Acceptance) -> str:
    if request.member.is_staff:
        return reverse("partners:agreement-signatures", args=[acceptance.program_id])
    return reverse("partners:agreement")


def _address(request: HttpRequest) -> str | None:
    """Return the signer's address as the proxy that we trust tells it."""
    return str(get_adapter().get_client_ip(request)) or None


def _posted_version(request: HttpRequest) -> UUID:
    try:
        return UUID(request.POST.get("version", ""))
    except ValueError:
        raise Http404 from None
