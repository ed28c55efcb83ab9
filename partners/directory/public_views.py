"""The public directory: who opted in and was approved, found without a login and without JavaScript."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from partners.directory.listed import (
    FILTERS,
    entries_of,
    entry_of,
    is_open,
    listed_partners,
    listed_profiles,
    options,
)
from partners.directory.models import PartnerProfile, PartnerType
from prm.accounts.guards import public
from prm.uploads.responses import send
from prm.web.filters import FilterBar, select_from
from prm.web.paging import keyset_page

SITEMAP_MOST = 5000


@public("visitors look for a partner near them")
@require_safe
def directory(request: HttpRequest) -> HttpResponse:
    """Find a partner by type, service, industry, country and language."""
    _must_be_open()
    known = options(PartnerType.choices)
    labels = {
        "type": _("Type"),
        "service": _("Service"),
        "industry": _("Industry"),
        "region": _("Country"),
        "language": _("Language"),
    }
    selects = [select_from(request.GET, name, label, known[name]) for name, label in labels.items()]
    chosen = {select.name: select.value for select in selects}
    page = keyset_page(
        listed_partners(type_=chosen["type"], filters={name: chosen[name] for name in FILTERS}),
        params=request.GET,
        orders={"name": ("name",)},
        default="name",
        bound=None,
    )
    bar = FilterBar(
        reverse("partners:directory"), _("Filter partners"), request.GET, selects=selects, keep=()
    )
    context = {
        "bar": bar,
        "page": page,
        "entries": entries_of(page.rows),
        "vendor": request.tenant.name,  # type: ignore[attr-defined]
        "narrowed": any(chosen.values()),
    }
    return _fresh(render(request, "partners/directory/public_list.html", context))


@public("visitors read about one partner")
@require_safe
def directory_entry(request: HttpRequest, slug: str) -> HttpResponse:
    """Show one partner; 404 from the moment its consent, approval or partnership ends."""
    profile = _listed(slug)
    context = {
        "entry": entry_of(profile.partner, profile),
        "vendor": request.tenant.name,  # type: ignore[attr-defined]
    }
    return _fresh(render(request, "partners/directory/public_entry.html", context))


@public("the logo in a public entry")
@require_safe
def directory_logo(_request: HttpRequest, slug: str) -> HttpResponse:
    """Answer the logo of a listed partner; never kept by browsers, so that a withdrawn one is gone."""
    profile = _listed(slug)
    if profile.logo is None:
        raise Http404
    return _fresh(send(profile.logo, inline_ok=True))


@public("search engines find the directory")
@require_safe
def sitemap(request: HttpRequest) -> HttpResponse:
    """List the directory and its entries for search engines."""
    _must_be_open()
    pages = [reverse("partners:directory")]
    slugs = listed_profiles().order_by("slug").values_list("slug", flat=True)[:SITEMAP_MOST]
    pages += [reverse("partners:directory-entry", kwargs={"slug": slug}) for slug in slugs]
    context = {"pages": [request.build_absolute_uri(page) for page in pages]}
    response = render(
        request, "partners/directory/sitemap.xml", context, content_type="application/xml"
    )
    return _fresh(response)


def _must_be_open() -> None:
    if not is_open():
        raise Http404


def _listed(slug: str) -> PartnerProfile:
    _must_be_open()
    return get_object_or_404(listed_profiles().select_related("partner", "logo"), slug=slug)


def _fresh(response: HttpResponse) -> HttpResponse:
    response.headers["Cache-Control"] = "no-store"
    return response
