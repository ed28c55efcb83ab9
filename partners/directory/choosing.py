"""The step before a form about one partner: which partner? Found by name, kept in the address."""

from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.functional import Promise

from partners.directory.models import Partner, PartnerState
from prm.accounts.members import MemberRequest
from prm.web.filters import search_words

SHOWN = 20


def chosen_partner(request: MemberRequest) -> Partner | None:
    """Return the active partner that the address names, None without one. Raises Http404 for any other."""
    text = request.GET.get("partner", "")
    if not text:
        return None
    try:
        return get_object_or_404(Partner, id=UUID(text), state=PartnerState.ACTIVE)
    except ValueError:
        raise Http404 from None


def choose_partner(
    request: MemberRequest, *, heading: str | Promise, lead: str | Promise, crumb: tuple[str, str]
) -> HttpResponse:
    """Show active partners, searched by name; each leads to the same address with ?partner=<id>.

    crumb: label and address of the list one comes from.
    """
    words = search_words(request.GET)
    rows = Partner.objects.filter(state=PartnerState.ACTIVE)
    if words:
        rows = rows.filter(name__icontains=words)
    found = list(rows.order_by("name", "id")[: SHOWN + 1])
    context = {
        "heading": heading,
        "lead": lead,
        "crumb": crumb,
        "partners": found[:SHOWN],
        "has_more": len(found) > SHOWN,
        "words": words,
    }
    return render(request, "partners/directory/choose.html", context)
