"""The catalogue of rewards that are not money, and its codes."""

from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from commissions.gifts.forms import CodesForm, GiftForm
from commissions.gifts.models import Gift
from commissions.gifts.pages import gift_facts, gift_tabs, stock_stats
from commissions.gifts.rules import CODED
from commissions.gifts.selectors import stocks_of
from commissions.gifts.services import KindIsFixed, add_codes, keep_gift
from commissions.gifts.tables import GiftTable
from partners.programs.models import Program
from prm.accounts.acting import acting
from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs
from prm.accounts.members import MemberRequest
from prm.web.htmx import hx_redirect, render_part
from prm.web.paging import keyset_page


@require_safe
@needs(Capability.SEE_PROGRAMS)
def gift_list(request: MemberRequest) -> HttpResponse:
    """Show what the programs offer, the newest first."""
    page = keyset_page(
        Gift.objects.select_related("program"),
        params=request.GET,
        orders={"made": ("created_at",)},
        default="-made",
    )
    context = {
        "tabs": gift_tabs("catalogue"),
        "page": page,
        "table": GiftTable(page.rows, page=page, stocks=stocks_of(row.id for row in page.rows)),
        "may_edit": request.member.may(Capability.EDIT_PROGRAMS),
    }
    return render_part(request, "commissions/gifts/catalogue.html", context, say=page.shown_text)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.EDIT_PROGRAMS)
def gift_new(request: MemberRequest) -> HttpResponse:
    """Add something to a program's catalogue."""
    return _edit(request, None)


@require_safe
@needs(Capability.SEE_PROGRAMS)
def gift_detail(request: MemberRequest, gift_id: UUID) -> HttpResponse:
    """Show what is offered, and its codes by number."""
    return _detail(request, _gift(gift_id), CodesForm())


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.EDIT_PROGRAMS)
def gift_edit(request: MemberRequest, gift_id: UUID) -> HttpResponse:
    """Change what is offered from now on."""
    return _edit(request, _gift(gift_id))


@require_POST
@needs(Capability.EDIT_PROGRAMS)
def gift_codes(request: MemberRequest, gift_id: UUID) -> HttpResponse:
    """Take more codes, and hand them to those that wait."""
    gift, form = _gift(gift_id), CodesForm(request.POST)
    if not form.is_valid() or gift.kind not in CODED:
        return _detail(request, gift, form, status=422)
    codes = form.cleaned_data["codes"]
    added, handed = add_codes(gift_id=gift.id, codes=codes, **acting(request))
    said = [ngettext("%(n)s code added.", "%(n)s codes added.", added) % {"n": added}]
    if known := len(codes) - added:
        said.append(
            ngettext(
                "%(n)s was there already and is skipped.",
                "%(n)s were there already and are skipped.",
                known,
            )
            % {"n": known}
        )
    if handed:
        said.append(
            ngettext(
                "%(n)s went to a partner that waited.",
                "%(n)s went to partners that waited.",
                handed,
            )
            % {"n": handed}
        )
    messages.success(request, " ".join(said))
    return hx_redirect(request, "commissions:gift-detail", gift_id=gift.id)


def _edit(request: MemberRequest, gift: Gift | None) -> HttpResponse:
    programs = [gift.program] if gift else list(Program.objects.order_by("name", "id"))
    today = timezone.localdate(timezone.now(), ZoneInfo(request.tenant.time_zone))
    form = (
        GiftForm(request.POST or None, programs=programs, today=today, gift=gift)
        if programs
        else None
    )
    if form and form.is_bound and form.is_valid():
        try:
            kept = keep_gift(
                program_id=form.chosen_program.id,
                terms=form.terms,
                gift_id=gift.id if gift else None,
                **acting(request),
            )
        except KindIsFixed:
            form.add_error("kind", _("It was given or has codes, so it stays what it is"))
        else:
            messages.success(request, _("Saved"))
            return hx_redirect(request, "commissions:gift-detail", gift_id=kept.id)
    status = 422 if form and form.is_bound else 200
    context = {"form": form, "gift": gift}
    return render(request, "commissions/gifts/edit.html", context, status=status)


def _detail(
    request: MemberRequest, gift: Gift, form: CodesForm, *, status: int = 200
) -> HttpResponse:
    is_coded = gift.kind in CODED
    may_edit = request.member.may(Capability.EDIT_PROGRAMS)
    context = {
        "gift": gift,
        "facts": gift_facts(gift),
        "stats": stock_stats(stocks_of([gift.id])[gift.id]) if is_coded else [],
        "form": form if is_coded and may_edit else None,
        "may_edit": may_edit,
    }
    return render(request, "commissions/gifts/gift.html", context, status=status)


def _gift(gift_id: UUID) -> Gift:
    return get_object_or_404(Gift.objects.select_related("program"), id=gift_id)
