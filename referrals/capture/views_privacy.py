"""The person referred looks, objects, has data erased; the vendor sets the rules and answers requests by letter."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partners.programs.models import Program
from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs, public
from prm.accounts.members import MemberRequest
from prm.accounts.middleware import LANGUAGE_COOKIE
from prm.events.services import Actor
from prm.web.htmx import hx_redirect, redirect_to
from referrals.capture.bounds import limited
from referrals.capture.forms_privacy import EraseForm, PrivacyForm, StaffEraseForm
from referrals.capture.models import PrivacyNotice
from referrals.capture.people import notice_of
from referrals.capture.privacy import (
    erase_person,
    note_seen,
    object_to_contact,
    privacy_of,
    set_privacy_rules,
)
from referrals.capture.selectors_privacy import known_of
from referrals.pipeline.models import Referral

LOOKS_AN_HOUR = 120
PERSON = Actor(user_id=None, kind="person", name="")


@require_safe
@public("the person referred has no login; the signed address is theirs alone")
@limited("person", most=LOOKS_AN_HOUR)
def person(request: HttpRequest, token: str) -> HttpResponse:
    """Show somebody what is known of them, from whom, and what they can do about it."""
    notice = _notice(token)
    if request.method == "GET" and not _is_partners(request):
        note_seen(notice_id=notice.id, at=timezone.now())
    return _page(request, notice, token, EraseForm())


@require_POST
@public("the person referred has no login; the signed address is theirs alone")
@limited("person", most=LOOKS_AN_HOUR)
def person_object(request: HttpRequest, token: str) -> HttpResponse:
    """Take the person's objection."""
    notice = _notice(token)
    if _is_partners(request):
        return _not_theirs(request, notice, token)
    object_to_contact(referral_id=notice.referral_id, actor=PERSON, at=timezone.now())
    return redirect_to(request, reverse("referrals:person", kwargs={"token": token}))


@require_POST
@public("the person referred has no login; the signed address is theirs alone")
@limited("person", most=LOOKS_AN_HOUR)
def person_erase(request: HttpRequest, token: str) -> HttpResponse:
    """Erase the person's data once they confirm."""
    notice = _notice(token)
    if _is_partners(request):
        return _not_theirs(request, notice, token)
    form = EraseForm(request.POST)
    if not form.is_valid():
        return _page(request, notice, token, form, status=422)
    erase_person(
        referral_id=notice.referral_id,
        own_company=form.cleaned_data["own_company"],
        actor=PERSON,
        at=timezone.now(),
    )
    return redirect_to(request, reverse("referrals:person", kwargs={"token": token}))


def _notice(token: str) -> PrivacyNotice:
    notice = notice_of(token)
    if notice is None:
        raise Http404
    return notice


def _is_partners(request: HttpRequest) -> bool:
    """Tell whether a partner's person is signed in, who never acts for the person referred."""
    member = getattr(request, "member", None)
    return member is not None and not member.is_staff


def _not_theirs(request: HttpRequest, notice: PrivacyNotice, token: str) -> HttpResponse:
    form = EraseForm({})
    form.is_valid()
    form.errors.clear()
    form.add_error(None, gettext("You are signed in for a partner. Sign out to act as yourself."))
    return _page(request, notice, token, form, status=409)


def _page(
    request: HttpRequest, notice: PrivacyNotice, token: str, form: EraseForm, *, status: int = 200
) -> HttpResponse:
    """Write the page in the language of the mail that led here, unless the person chose another."""
    cookie = request.COOKIES.get(LANGUAGE_COOKIE, "")
    chosen = cookie if cookie in dict(settings.LANGUAGES) else notice.language
    with translation.override(chosen):
        known = known_of(notice)
        context = {"notice": notice, "known": known, "token": token, "form": form}
        response = render(request, "referrals/capture/person.html", context, status=status)
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["Content-Language"] = chosen
    response.headers["X-Robots-Tag"] = "noindex"
    return response


@require_http_methods(["GET", "POST"])
@needs(Capability.EDIT_PROGRAMS)
def privacy_edit(request: MemberRequest, program_id: UUID) -> HttpResponse:
    """Set how a program treats the person referred."""
    program = get_object_or_404(Program, id=program_id)
    form = PrivacyForm(
        request.POST if request.method == "POST" else None, initial=privacy_of(program.id).__dict__
    )
    if request.method == "POST" and form.is_valid():
        set_privacy_rules(
            program_id=program.id, rules=form.rules, actor=request.member.actor, at=timezone.now()
        )
        messages.success(request, gettext("Privacy rules saved"))
        return hx_redirect(request, "partners:program-detail", program_id=program.id)
    context = {"form": form, "program": program}
    return render(
        request,
        "referrals/capture/privacy_edit.html",
        context,
        status=422 if form.errors else 200,
    )


@require_http_methods(["GET", "POST"])
@needs(Capability.DECIDE_REFERRALS)
def manage_person_erase(request: MemberRequest, referral_id: UUID) -> HttpResponse:
    """Erase the person of a referral who asked for it by phone or letter."""
    referral = get_object_or_404(Referral.objects.visible_to(request.member), id=referral_id)
    form = StaffEraseForm(request.POST if request.method == "POST" else None)
    if referral.erased_at or (request.method == "POST" and form.is_valid()):
        if not referral.erased_at:
            _erase(request, referral, form.cleaned_data)
        return hx_redirect(request, "referrals:manage-referral-detail", referral_id=referral.id)
    context = {"form": form, "referral": referral}
    return render(
        request, "referrals/capture/erase.html", context, status=422 if form.errors else 200
    )


def _erase(request: MemberRequest, referral: Referral, read: dict[str, Any]) -> None:
    pseudonym = erase_person(
        referral_id=referral.id,
        own_company=read["own_company"],
        actor=request.member.actor,
        at=timezone.now(),
    )
    words = gettext("Erased. The person is called %(pseudonym)s from now on")
    messages.success(request, words % {"pseudonym": pseudonym})
