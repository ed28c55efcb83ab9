"""Pages for visitors: the link, the partner's page, the program's plain form, thanks. No login, no JavaScript."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import get_script_prefix, reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partners.programs.models import Program
from prm.accounts.guards import public
from prm.tenancy.keys import KeyReused
from prm.tenancy.models import Tenant
from prm.uploads.responses import send
from prm.web.htmx import redirect_to
from prm.web.limits import is_within
from referrals.sharing.cookies import choice_name, clicks_of, remember_click, remember_no
from referrals.sharing.gone import gone, link_ended, link_unknown, page_taken_down, page_unknown
from referrals.sharing.lead_forms import LeadForm
from referrals.sharing.leads import LeadFacts, take_lead
from referrals.sharing.models import Consent, LandingPage, PageSlug
from referrals.sharing.rules import Remembered, normalised_slug
from referrals.sharing.selectors import PublicPage, public_page
from referrals.sharing.settings import sharing_rules
from referrals.sharing.targets import keep_tenant, target_of
from referrals.sharing.visits import Visit, follow, visit_of

HOUR = 3600
LEADS_AN_HOUR = 20
RETRY_SECONDS = "600"


@dataclass(frozen=True)
class Asking:
    """A public page with a lead form: its program, the partner's page on it when there is one."""

    tenant: Tenant
    program: Program
    visit: Visit
    page: PublicPage | None
    thanks: str
    template: str

    @property
    def speaker(self) -> str:
        """Whom the visitor knows: the partner of the page, else the vendor."""
        return self.page.partner_name if self.page else self.tenant.name


@require_safe
@public("a partner's link leads visitors on")
def link_follow(request: HttpRequest, slug: str) -> HttpResponse:
    """Count the click and send the visitor on."""
    tenant = _tenant(request)
    target = target_of(tenant.id, slug) or target_of(tenant.id, normalised_slug(slug))
    if target is None:
        return gone(request, link_unknown())
    if get_script_prefix() == f"/{tenant.slug}/":
        keep_tenant(tenant.slug, tenant.id)
    response = follow(request, tenant_id=tenant.id, target=target)
    if response.status_code == 410:
        return gone(request, link_ended(), Program.objects.get(id=target.program_id))
    return response


@require_POST
@public("a visitor chooses what the browser remembers")
def link_remember(request: HttpRequest, slug: str) -> HttpResponse:
    """Remember who recommended the vendor, or do not, as the visitor chose; then go back to the page."""
    tenant = _tenant(request)
    target = target_of(tenant.id, slug)
    if target is None or target.is_retired:
        raise Http404
    name, page = target.page if not target.url else ("referrals:contact", "")
    query = request.META.get("QUERY_STRING", "")
    path = reverse(name, args=[page or _program_slug(target.program_id)])
    response = redirect_to(request, f"{path}?{query}" if query else path)
    if request.POST.get("choice") == "yes":
        click = Remembered(target.link_id, target.program_id, timezone.now())
        remember_click(request, response, tenant_id=tenant.id, click=click, days=target.cookie_days)
    else:
        remember_no(response, tenant_id=tenant.id)
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@public("visitors read a partner's page and ask for a call")
def landing(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a partner's page; POST asks for an introduction."""
    tenant = _tenant(request)
    page = public_page(slug, get_language() or "en")
    if page is None:
        return _no_page(request, slug)
    asking = Asking(
        tenant=tenant,
        program=page.program,
        visit=visit_of(request, tenant.id),
        page=page,
        thanks=reverse("referrals:landing-thanks", args=[slug]),
        template="referrals/sharing/public_landing.html",
    )
    return _ask(request, asking)


@require_safe
@public("what happens next, the same for everybody")
def landing_thanks(request: HttpRequest, slug: str) -> HttpResponse:
    """Say who got the data and what happens next."""
    page = public_page(slug, get_language() or "en")
    if page is None:
        return _no_page(request, slug)
    return _thanks(request, page.program, page)


def _no_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Send on who asks for an address that a page had before; else say that it is gone, or never was."""
    moved = PageSlug.objects.filter(slug=slug).select_related("page").first()
    if moved is not None and moved.page.is_public:
        query = request.META.get("QUERY_STRING", "")
        path = reverse("referrals:landing", args=[moved.page.slug])
        # For now, not for ever: the page may take its old address back.
        return redirect_to(request, f"{path}?{query}" if query else path)
    page = (
        moved.page
        if moved
        else LandingPage.objects.filter(slug=slug).select_related("program").first()
    )
    if page is None or page.published_at is None:
        return gone(request, page_unknown())
    return gone(request, page_taken_down(), page.program)


@require_safe
@public("the photo or logo on a partner's page")
def landing_picture(_request: HttpRequest, slug: str) -> HttpResponse:
    """Answer the picture of a page that is public."""
    page = LandingPage.objects.filter(slug=slug).select_related("live_picture").first()
    if page is None or not page.is_public or page.live_picture is None:
        raise Http404
    return send(page.live_picture, inline_ok=True)


@require_http_methods(["GET", "HEAD", "POST"])
@public("visitors ask for a call")
def contact(request: HttpRequest, program: str) -> HttpResponse:
    """Show the program's plain form; whose lead it is, link and browser say."""
    tenant = _tenant(request)
    found = get_object_or_404(Program, slug=program, closed_at=None)
    asking = Asking(
        tenant=tenant,
        program=found,
        visit=visit_of(request, tenant.id),
        page=None,
        thanks=reverse("referrals:contact-thanks", args=[program]),
        template="referrals/sharing/public_contact.html",
    )
    return _ask(request, asking)


@require_safe
@public("what happens next, the same for everybody")
def contact_thanks(request: HttpRequest, program: str) -> HttpResponse:
    """Say who got the data and what happens next."""
    return _thanks(request, get_object_or_404(Program, slug=program), None)


def _ask(request: HttpRequest, asking: Asking) -> HttpResponse:
    """Show the form of a public page, or take it in; what a machine filled in goes nowhere."""
    at, rules = timezone.now(), sharing_rules(asking.program.id)
    consent_text = _consent_text(asking)
    form = LeadForm(
        request.POST if request.method == "POST" else None,
        rules=rules,
        program_id=asking.program.id,
        consent_text=consent_text,
        at=at,
    )
    if request.method == "POST":
        if not is_within(request, what="lead", most=LEADS_AN_HOUR, seconds=HOUR):
            return _too_many(request)
        if request.POST.get(
            "fax"
        ):  # only a machine sees this field; it is told what people are told
            return redirect_to(request, asking.thanks)
        if form.is_valid():
            _take(request, asking, form, consent_text, at)
            return redirect_to(request, asking.thanks)
    context = {
        "form": form,
        "form_key": _uuid(request.POST.get("form_key")) or uuid4(),
        "program": asking.program,
        "page": asking.page,
        "visit": asking.visit,
        "rules": rules,
        "speaker": asking.speaker,
        "ask_consent": _asks(request, asking, rules.consent),
        "remember_url": _remember_url(asking.visit),
    }
    return render(request, asking.template, context, status=422 if form.is_bound else 200)


def _take(
    request: HttpRequest, asking: Asking, form: LeadForm, consent_text: str, at: datetime
) -> None:
    visit = asking.visit
    told = {name: value for name, value in form.cleaned_data.items() if name != "consent"}
    facts = LeadFacts(
        program_id=asking.program.id,
        **told,
        consent_text=consent_text,
        language=get_language() or "en",
        link_id=visit.target.link_id if visit.target else None,
        page_id=asking.page.id if asking.page else None,
        clicks=clicks_of(request, asking.tenant.id),
        utm=visit.utm,
        channel=visit.channel,
        campaign=visit.campaign,
    )
    try:
        take_lead(facts=facts, at=at, key=_uuid(request.POST.get("form_key")))
    except KeyReused:  # another company from the same open form: a request of its own
        take_lead(facts=facts, at=at, key=uuid4())


def _consent_text(asking: Asking) -> str:
    names = {"vendor": asking.tenant.name, "partner": asking.speaker}
    if asking.page:
        return (
            _(
                "I agree that %(vendor)s contacts me about this request, and that %(partner)s sees how far it has come."
            )
            % names
        )
    return _("I agree that %(vendor)s contacts me about this request.") % names


def _asks(request: HttpRequest, asking: Asking, consent: str) -> bool:
    """Tell whether to ask if the browser may remember: only where the program asks, once, for a link that lives."""
    target = asking.visit.target
    if consent != Consent.ASK or target is None:
        return False
    if request.COOKIES.get(choice_name(asking.tenant.id)):
        return False
    return all(click.link_id != target.link_id for click in clicks_of(request, asking.tenant.id))


def _remember_url(visit: Visit) -> str:
    if visit.target is None:
        return ""
    return f"{reverse('referrals:link-remember', args=[visit.via])}?{visit.query}"


def _thanks(request: HttpRequest, program: Program, page: PublicPage | None) -> HttpResponse:
    context = {"program": program, "page": page}
    return render(request, "referrals/sharing/public_thanks.html", context)


def _too_many(request: HttpRequest) -> HttpResponse:
    response = render(request, "429.html", status=429)
    response.headers["Retry-After"] = RETRY_SECONDS
    return response


def _program_slug(program_id: UUID) -> str:
    return Program.objects.values_list("slug", flat=True).get(id=program_id)


def _tenant(request: HttpRequest) -> Tenant:
    tenant: Tenant = request.tenant  # type: ignore[attr-defined]
    return tenant


def _uuid(text: Any) -> UUID | None:
    try:
        return UUID(str(text))
    except ValueError:
        return None
