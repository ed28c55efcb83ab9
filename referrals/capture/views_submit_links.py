"""Signed links: made and revoked by a partner's admin or its manager, used by whoever holds one."""

import time
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.contrib import messages
from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from partners.directory.models import Partner
from partners.directory.moves import tenant_day
from partners.onboarding.unlocks import FeatureLocked
from partners.programs.models import Program
from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs, public
from prm.accounts.members import MemberRequest
from prm.tenancy.keys import KeyReused
from prm.tenancy.links import tenant_url
from prm.web.confirm import Question, asked_first
from prm.web.formats import number_text
from prm.web.htmx import redirect_to
from prm.web.limits import is_within
from referrals.capture.models import Receipt, SubmitLink
from referrals.capture.receipts import receipt_code
from referrals.capture.submit_links import (
    LinkMade,
    LinkUnusable,
    make_submit_link,
    revoke_submit_link,
    submit_by_link,
    token_of,
    usable_link,
)
from referrals.intake.forms import ReferralForm, key_of
from referrals.intake.selectors import programs_open_to
from referrals.intake.services import NotEnrolled, ProbationFull
from referrals.pipeline.hooks import MoveRefused
from referrals.pipeline.models import Referral, Source

# What one link may send, and how many wrong ones one address may try.
SENT_AN_HOUR, WRONG_AN_HOUR, HOUR = 20, 30, 3600


class SubmitLinkForm(forms.Form):
    """For whom a link is, into which program, for how long."""

    person_name = forms.CharField(
        label=_("Name of your colleague"),
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=_("Their referrals carry this name"),
        error_messages={"required": _("Enter the name of the person")},
    )
    program = forms.ChoiceField(label=_("Program"))
    days = forms.ChoiceField(
        label=_("Works for"),
        choices=[("7", _("7 days")), ("30", _("30 days")), ("90", _("90 days"))],
        initial="30",
    )
    link_id = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, programs: list[Program]) -> None:
        super().__init__(data, initial={"link_id": uuid4()})
        self.fields["program"].choices = [(str(row.id), row.name) for row in programs]  # type: ignore[attr-defined]


def _links(request: MemberRequest, partner: Partner, *, staff: bool) -> HttpResponse:
    now = timezone.now()
    programs = programs_open_to(partner.id, day=tenant_day(now))
    form = SubmitLinkForm(request.POST or None, programs=programs)
    names = {"partner_id": partner.id} if staff else {}
    here = reverse(
        "referrals:manage-submit-links" if staff else "referrals:submit-links", kwargs=names
    )
    if request.method == "POST" and form.is_valid():
        try:
            link = make_submit_link(
                link_id=form.cleaned_data["link_id"],
                partner_id=partner.id,
                program_id=UUID(form.cleaned_data["program"]),
                person_name=form.cleaned_data["person_name"],
                days=int(form.cleaned_data["days"]),
                actor=request.member.actor,
                at=now,
            )
        except LinkMade:
            return redirect(here)
        messages.success(
            request,
            gettext("The link for %(name)s is ready to be sent") % {"name": link.person_name},
        )
        return redirect(f"{here}#link-{link.id}")
    rows = list(
        SubmitLink.objects.filter(partner_id=partner.id)
        .select_related("program", "made_by")
        .order_by("-made_at", "-id")[:100]
    )
    revoke = "referrals:manage-submit-link-revoke" if staff else "referrals:submit-link-revoke"
    context = {
        "form": form if programs else None,
        "partner": partner,
        "staff": staff,
        "links": [
            {
                "row": row,
                "live": row.is_live(now),
                "url": tenant_url(request.tenant, "referrals:submit-by-link", token=token_of(row)),
                "revoke_url": reverse(revoke, kwargs={**names, "link_id": row.id}),
            }
            for row in rows
        ],
    }
    status = 422 if form.is_bound else 200
    return render(request, "referrals/capture/submit_links.html", context, status=status)


def _revoke(request: MemberRequest, partner_id: UUID, link_id: UUID, back: str) -> HttpResponse:
    link = get_object_or_404(SubmitLink, id=link_id, partner_id=partner_id)
    question = Question(
        heading=gettext("Revoke the link of %(name)s") % {"name": link.person_name},
        facts=[(gettext("Referrals sent through it"), number_text(link.used_count))],
        points=[
            gettext("Whoever holds it can send nothing more through it."),
            gettext("What came through it stays, and keeps the name."),
            gettext("This cannot be taken back; make a new link instead."),
        ],
        submit=gettext("Revoke link"),
        back_url=back,
        crumbs=[(gettext("Signed links"), back)],
    )
    if link.revoked_at is None:
        if page := asked_first(request, question):
            return page
        revoke_submit_link(link_id=link.id, actor=request.member.actor, at=timezone.now())
    messages.success(
        request, gettext("The link of %(name)s opens nothing any more") % {"name": link.person_name}
    )
    return redirect_to(request, back)


def _own(request: MemberRequest) -> Partner:
    if request.member.partner_id is None:
        raise Http404
    return Partner.objects.get(id=request.member.partner_id)


def _managed(request: MemberRequest, partner_id: UUID) -> Partner:
    return get_object_or_404(Partner.objects.visible_to(request.member), id=partner_id)


@require_http_methods(["GET", "POST"])
@needs(Capability.MANAGE_TEAM)
def submit_links(request: MemberRequest) -> HttpResponse:
    """Show the partner's signed links, and make one."""
    return _links(request, _own(request), staff=False)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.MANAGE_TEAM)
def submit_link_revoke(request: MemberRequest, link_id: UUID) -> HttpResponse:
    """Stop one of the partner's links."""
    return _revoke(request, _own(request).id, link_id, reverse("referrals:submit-links"))


@require_http_methods(["GET", "POST"])
@needs(Capability.EDIT_PARTNERS)
def manage_submit_links(request: MemberRequest, partner_id: UUID) -> HttpResponse:
    """Show a partner's signed links to its manager, and make one."""
    return _links(request, _managed(request, partner_id), staff=True)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.EDIT_PARTNERS)
def manage_submit_link_revoke(
    request: MemberRequest, partner_id: UUID, link_id: UUID
) -> HttpResponse:
    """Stop a link of a partner."""
    partner = _managed(request, partner_id)
    back = reverse("referrals:manage-submit-links", kwargs={"partner_id": partner.id})
    return _revoke(request, partner.id, link_id, back)


# ---------------------------------------------------------------- without a login


@public("the secret of the link is the right to send for its partner")
@require_http_methods(["GET", "POST"])
def by_link(request: HttpRequest, token: str) -> HttpResponse:
    """Take a referral from whoever holds a link; what is known of the company is not told to them."""
    try:
        link = usable_link(token, at=timezone.now())
    except LinkUnusable:
        return _ended(request)
    form = ReferralForm(
        request.POST if request.method == "POST" else None,
        program=link.program,
        vendor=request.tenant.name,  # type: ignore[attr-defined]
    )
    if request.method == "POST" and form.is_valid():
        if not _may_send(link):
            return _wait(request)
        referral = _sent(link, form)
        if referral is not None:
            return redirect("referrals:sent-by-link", token=token, referral_id=referral.id)
    context = {"form": form, "link": link}
    status = 422 if form.is_bound else 200
    response = render(request, "referrals/capture/by_link.html", context, status=status)
    return _private(response)


def _sent(link: SubmitLink, form: ReferralForm) -> Referral | None:
    try:
        return submit_by_link(
            link_id=link.id, draft=form.draft, key=key_of(form) or uuid4(), at=timezone.now()
        )
    except KeyReused:
        form.add_error(
            None, gettext("This form was sent before. Open a new one for another company.")
        )
    except (NotEnrolled, FeatureLocked, ProbationFull, LinkUnusable):
        form.add_error(None, gettext("The program takes no referrals through this link right now."))
    except MoveRefused as no:
        form.add_error(None, str(no))
    return None


@public("the secret of the link, and only for what came through it")
@require_safe
def sent_by_link(request: HttpRequest, token: str, referral_id: UUID) -> HttpResponse:
    """Confirm a referral that came through the link, with its receipt."""
    try:
        link = usable_link(token, at=timezone.now())
    except LinkUnusable:
        return _ended(request)
    referral = get_object_or_404(Referral, id=referral_id, source=Source.SIGNED, link_id=link.id)
    receipt = Receipt.objects.filter(referral_id=referral.id).first()
    context = {
        "link": link,
        "referral": referral,
        "receipt": receipt,
        "code": receipt_code(receipt) if receipt else "",
        "again_url": reverse("referrals:submit-by-link", kwargs={"token": token}),
    }
    return _private(render(request, "referrals/capture/sent_by_link.html", context))


def _may_send(link: SubmitLink) -> bool:
    """Count one more of the link in this hour, and tell whether it is still within its limit."""
    name = f"limit:submit-link:{link.id}:{int(time.time()) // HOUR}"
    cache.add(name, 0, HOUR)
    try:
        return cache.incr(name) <= SENT_AN_HOUR
    except ValueError:  # its hour ended between the two
        return True


def _ended(request: HttpRequest) -> HttpResponse:
    if not is_within(request, what="submit-link", most=WRONG_AN_HOUR, seconds=HOUR):
        return _wait(request)
    return _private(render(request, "referrals/capture/link_ended.html", status=404))


def _wait(request: HttpRequest) -> HttpResponse:
    response = render(request, "429.html", status=429)
    response.headers["Retry-After"] = HOUR - int(time.time()) % HOUR
    return response


def _private(response: HttpResponse) -> HttpResponse:
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    # Not "no-referrer": browsers then post "Origin: null", which the protection of forms refuses.
    response.headers["Referrer-Policy"] = "same-origin"
    return response
