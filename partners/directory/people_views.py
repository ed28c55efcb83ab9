"""The vendor's page on which two logins of one person become one."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from partners.directory.forms import PersonMergeForm
from partners.directory.people_merging import PersonMergeRefused, merge_people, preview
from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs
from prm.accounts.members import MemberRequest
from prm.accounts.models import Membership
from prm.accounts.selectors import people_of
from prm.web.htmx import hx_redirect


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.MANAGE_STAFF)
def person_merge(request: MemberRequest, membership_id: int) -> HttpResponse:
    """Show what hangs on a login, and merge it into another of the same team after a confirmation."""
    gone = get_object_or_404(
        Membership.objects.select_related("user"),
        id=membership_id,
        tenant=request.tenant,
        ended_at=None,
    )
    team = people_of(tenant_id=request.tenant.id, partner_id=gone.partner_id)
    others = [person for person in team if person.membership_id != gone.id]
    form = PersonMergeForm(request.POST if request.method == "POST" else None, others=others)
    if form.is_bound and form.is_valid():
        try:
            stays = merge_people(
                from_id=gone.id,
                into_id=int(form.cleaned_data["into"]),
                actor=request.member.actor,
                at=timezone.now(),
            )
        except PersonMergeRefused as refused:
            form.add_error(None, refused.words)
        else:
            said = _("%(email)s is merged into %(name)s.") % {
                "email": gone.user.email,
                "name": stays.user.get_full_name(),
            }
            messages.success(request, said)
            if stays.partner_id is None:
                return hx_redirect(request, "staff-list")
            return hx_redirect(request, "partners:partner-detail", partner_id=stays.partner_id)
    context = {
        "form": form,
        "place": gone,
        "others": others,
        "rows": preview(from_user_id=gone.user_id),
    }
    status = 422 if form.is_bound else 200
    return render(request, "partners/directory/person_merge.html", context, status=status)
