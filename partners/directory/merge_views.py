"""The vendor's pages about duplicates: which partners may be one, side by side, merged."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from partners.directory.forms import MergeForm
from partners.directory.life_views import partner_or_404
from partners.directory.merging import MergeRefused, SamePartner, likely_pairs, merge_partners
from partners.directory.selectors import compared
from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs
from prm.accounts.members import MemberRequest
from prm.web.htmx import hx_redirect


@require_safe
@needs(Capability.MERGE_PARTNERS)
def duplicate_list(request: MemberRequest) -> HttpResponse:
    """Show which partners may be the same organisation, and why."""
    words = {
        "domain": _("Same website"),
        "tax_number": _("Same tax number"),
        "name": _("Same name"),
    }
    pairs = [(pair, words[pair.why]) for pair in likely_pairs()]
    return render(request, "partners/directory/duplicates.html", {"pairs": pairs})


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.MERGE_PARTNERS)
def partner_merge(request: MemberRequest, partner_id: UUID, into_id: UUID) -> HttpResponse:
    """Show two partners side by side, and merge the first into the second after a confirmation."""
    gone, stays = partner_or_404(request, partner_id), partner_or_404(request, into_id)
    if gone.id == stays.id or stays.merged_into_id:
        raise Http404
    if gone.merged_into_id:
        return hx_redirect(request, "partners:partner-detail", partner_id=gone.id)
    form = MergeForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            merge_partners(
                from_id=gone.id,
                into_id=stays.id,
                reason=form.cleaned_data["reason"],
                actor=request.member.actor,
                at=timezone.now(),
            )
        except MergeRefused as refused:
            form.add_error(None, refused.words)
        except SamePartner:  # somebody merged one of the two in this moment
            form.add_error(None, _("This partner went into another one as a duplicate."))
        else:
            said = _("%(gone)s is merged into %(name)s.") % {"gone": gone.name, "name": stays.name}
            messages.success(request, said)
            return hx_redirect(request, "partners:partner-detail", partner_id=stays.id)
    context = {"form": form, "gone": gone, "stays": stays, "rows": compared(gone, stays)}
    status = 422 if form.is_bound else 200
    return render(request, "partners/directory/merge.html", context, status=status)
