"""The partner's own page: writing it, looking at it, sending it; its picture."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from partners.programs.models import Program
from partners.training.forms import spread
from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs
from prm.accounts.members import MemberRequest
from prm.tenancy.links import tenant_url
from prm.uploads.responses import send
from prm.uploads.services import UploadRefused
from prm.web.htmx import hx_redirect
from prm.web.parts import Tab
from referrals.sharing.forms import PageForm
from referrals.sharing.models import LandingPage
from referrals.sharing.pages import save_page, send_page
from referrals.sharing.rules import texts_of
from referrals.sharing.selectors import drafted_page, programs_shared
from referrals.sharing.services import BadSlug, SlugTaken
from referrals.sharing.settings import sharing_rules
from referrals.sharing.share_views import share_tabs, slug_words

STATE_TONES = {"live": "ok", "waiting": "info", "declined": "warn", "draft": "", "off": ""}


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.SUBMIT_REFERRAL)
def page_edit(request: MemberRequest) -> HttpResponse:
    """Write the partner's page in a program; "save" keeps it, "send" makes it public or asks the vendor."""
    partner_id, at = request.member.own_partner_id, timezone.now()
    programs = programs_shared(partner_id, at)
    if not programs:
        nothing = {"tabs": share_tabs("page"), "programs": []}
        return render(request, "referrals/sharing/page.html", nothing)
    program = _chosen(request, programs)
    page = (
        LandingPage.objects.filter(partner_id=partner_id, program_id=program.id)
        .select_related("draft_picture")
        .first()
    )
    form = PageForm(
        request.POST if request.method == "POST" else None,
        request.FILES if request.method == "POST" else None,
        initial=_initial(request, page),
        first=request.tenant.language,
    )
    if form.is_bound and form.is_valid() and _saved(request, form, program):
        return hx_redirect(request, "referrals:page-edit")
    rules = sharing_rules(program.id)
    context = {
        "form": form,
        "page": page,
        "program": program,
        "programs": [Tab(row.name, f"?program={row.id}", row == program) for row in programs],
        "rules": rules,
        "tone": STATE_TONES[page.state] if page else "",
        "address": tenant_url(request.tenant, "referrals:landing", slug=page.slug) if page else "",
        "tabs": share_tabs("page"),
    }
    return render(
        request, "referrals/sharing/page.html", context, status=422 if form.is_bound else 200
    )


@require_safe
@needs(Capability.OWN_ACCOUNT)
def page_preview(request: MemberRequest, page_id: UUID) -> HttpResponse:
    """Show a page as its partner has written it: to the partner, and to the vendor's people."""
    page = _visible(page_id)
    shown = drafted_page(page, get_language() or "en")
    back = (_("Your page"), "referrals:page-edit")
    if request.member.is_staff:
        back = (_("Pages and reviews"), "referrals:sharing-queue")
    decides = request.member.is_staff and Capability.EDIT_PARTNERS in request.member.capabilities
    context = {
        "page": shown,
        "draft": page,
        "preview": True,
        "program": page.program,
        "back_label": back[0],
        "back_url": reverse(back[1]) if decides or not request.member.is_staff else "",
    }
    return render(request, "referrals/sharing/public_landing.html", context)


@require_safe
@needs(Capability.OWN_ACCOUNT)
def page_picture(_request: MemberRequest, page_id: UUID) -> HttpResponse:
    """Answer the picture of a page as it is written."""
    page = _visible(page_id)
    if page.draft_picture is None:
        raise Http404
    return send(page.draft_picture, inline_ok=True)


def _saved(request: MemberRequest, form: PageForm, program: Program) -> bool:
    actor, at = request.member.actor, timezone.now()
    try:
        page = save_page(
            partner_id=request.member.own_partner_id,
            program_id=program.id,
            texts=form.page_texts,
            picture=form.cleaned_data["picture"],
            slug=form.cleaned_data.get("slug", ""),
            actor=actor,
            at=at,
        )
    except UploadRefused as refused:
        form.add_error("picture", refused.words)
        return False
    except (SlugTaken, BadSlug) as refused:
        form.add_error("slug", slug_words(refused))
        return False
    if request.POST.get("do") != "send":
        messages.success(request, _("Saved. Visitors see it once you send it."))
        return True
    sent = send_page(page_id=page.id, actor=actor, at=at)
    words = (
        _("Sent. The vendor looks at it before visitors read it")
        if sent.state == "waiting"
        else _("Your page is public")
    )
    messages.success(request, words)
    return True


def _initial(request: MemberRequest, page: LandingPage | None) -> dict[str, str]:
    if page is None:
        return {"person_name": request.member.name}
    texts = texts_of(page.draft)
    return {
        "person_name": texts.person_name,
        "person_title": texts.person_title,
        "slug": page.slug,
        **spread(headline=texts.headline, introduction=texts.introduction),
    }


def _chosen(request: MemberRequest, programs: list[Program]) -> Program:
    wanted = request.GET.get("program", "")
    return next((row for row in programs if str(row.id) == wanted), programs[0])


def _visible(page_id: UUID) -> LandingPage:
    """Return a page in sight: row-level security shows a partner its own alone."""
    rows = LandingPage.objects.select_related("partner", "program", "draft_picture")
    return get_object_or_404(rows, id=page_id)
