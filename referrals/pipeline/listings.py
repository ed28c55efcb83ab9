"""Lists of referrals as the address asks for them: view, search, filters, order, page; and the same rows as a file."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from io import BytesIO
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, pgettext

from prm.accounts.capabilities import Capability
from prm.accounts.members import Member, MemberRequest
from prm.jobs.services import start_job
from prm.money import Money
from prm.web.counts import bounded, count_text, menu_numbers
from prm.web.exports import csv_lines, write_xlsx
from prm.web.filters import FilterBar, search_words, select_from
from prm.web.htmx import redirect_to
from prm.web.paging import COUNT_BOUND, PAGE_SIZE, Page, keyset_page, page_by
from prm.web.parts import Tab
from referrals.pipeline.listed import own_counts, own_page
from referrals.pipeline.masking import contact_of
from referrals.pipeline.models import Referral, Relationship, Role, Source, StageKind
from referrals.pipeline.panels import rewards_are_known, rewards_of
from referrals.pipeline.selectors import VIEWS, Options, filter_options, referral_rows
from referrals.pipeline.tables import PartnerReferralTable, StaffReferralTable, sender_name
from referrals.pipeline.wanted import Wanted
from referrals.pipeline.whole import json_lines

ORDERS = {"sent": ("registered_at",)}
PERIODS = (30, 90, 180, 365)
# More rows than this are written by a job.
DIRECT_ROWS = 1000
FORMATS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json",
}


def wanted_from(params: QueryDict) -> Wanted:
    """Read the address; what is not understood counts as not asked."""
    kind, days = params.get("stage", ""), params.get("sent", "")
    owner = params.get("owner", "")
    return Wanted(
        view=params.get("view", "") if params.get("view", "") in VIEWS else "",
        words=search_words(params),
        kind=kind if kind in StageKind.values else "",
        days=int(days) if days in {str(period) for period in PERIODS} else 0,
        program_id=_uuid_text(params.get("program", "")),
        partner_id=_uuid_text(params.get("partner", "")),
        owner_id=owner if owner.isascii() and owner.isdigit() and len(owner) < 16 else "",
        still=params.get("still", "") == "1",
        role=params.get("role", "") if params.get("role", "") in Role.values else "",
        source=params.get("source", "") if params.get("source", "") in Source.values else "",
    )


def _uuid_text(text: str) -> str:
    try:
        return str(UUID(text)) if text else ""
    except ValueError:
        return ""


def partner_listing(request: MemberRequest) -> dict[str, Any]:
    """Return the page of the partner's list."""
    asked = wanted_from(request.GET)
    wanted = Wanted(view=asked.view, words=asked.words, kind=asked.kind, days=asked.days)
    url, member = reverse("referrals:referral-list"), request.member
    sort = request.GET.get("sort", "")
    sort = sort if sort.removeprefix("-") in ORDERS else "-sent"
    falling = sort.startswith("-")
    page = page_by(
        lambda place, *, backward: own_page(
            wanted, member, place=place, rising=backward == falling, limit=PAGE_SIZE + 1
        ),
        model=Referral,
        columns=[("registered_at", falling), ("id", falling)],
        params=request.GET,
        sort=sort,
        orders=tuple(ORDERS),
    )
    counts = menu_numbers(request, own_counts(wanted, member, bound=COUNT_BOUND))
    listing = _frame(request, page, wanted, counts)
    rows = page.rows
    sees_rewards = rewards_are_known() and member.may(Capability.SEE_EARNINGS)
    table = PartnerReferralTable(
        rows,
        page=listing["page"],
        rewards=rewards_of(rows, member) if sees_rewards else {},
        without=() if sees_rewards else ("reward",),
    )
    selects = [_stage_select(request.GET), _period_select(request.GET)]
    return {
        **listing,
        "table": table,
        "bar": _bar(url, request.GET, selects, gettext("Company or number")),
    }


def staff_listing(request: MemberRequest) -> dict[str, Any]:
    """Return the page of the vendor's list."""
    wanted = wanted_from(request.GET)
    options = filter_options(partner_id=UUID(wanted.partner_id) if wanted.partner_id else None)
    listing = _listing(request, wanted)
    url = reverse("referrals:manage-referral-list")
    selects = [
        _stage_select(request.GET),
        *_staff_selects(request.GET, options),
        _period_select(request.GET),
    ]
    table = StaffReferralTable(listing["page"].rows, page=listing["page"])
    bar = _bar(url, request.GET, selects, gettext("Company, partner or number"))
    return {
        **listing,
        "table": table,
        "bar": bar,
        "may_enter": request.member.may(Capability.DECIDE_REFERRALS),
    }


def _listing(request: MemberRequest, narrowed: Wanted) -> dict[str, Any]:
    """Return page and tabs of the vendor's list; all counts come in one query."""
    visible = Referral.objects.visible_to(request.member)
    rows = narrowed.rows(visible, staff=True)
    page = keyset_page(
        referral_rows(rows), params=request.GET, orders=ORDERS, default="-sent", bound=None
    )
    counted: dict[str, QuerySet[Referral]] = {
        "all": visible,
        **{view: visible.filter(stage_kind__in=kinds) for view, kinds in VIEWS.items()},
    }
    if narrowed.is_narrow:
        counted["shown"] = rows
    counts = menu_numbers(request, {name: bounded(queryset) for name, queryset in counted.items()})
    return _frame(request, page, narrowed, counts)


def _frame(
    request: MemberRequest, page: Page, narrowed: Wanted, counts: dict[str, int]
) -> dict[str, Any]:
    """Return what stands around the rows: views with their counts, the pager, where the file is made."""
    staff = request.member.is_staff
    shown = counts.get("shown", counts[narrowed.view or "all"])
    return {
        "page": replace(page, count=shown, bound=COUNT_BOUND),
        "tabs": _tabs(request, narrowed.view, counts),
        "is_empty": not counts["all"],
        "query": request.GET.urlencode(),
        "export_url": reverse(
            "referrals:manage-referral-export" if staff else "referrals:referral-export"
        ),
    }


def _tabs(request: MemberRequest, current: str, counts: dict[str, int]) -> list[Tab]:
    staff = request.member.is_staff
    url = reverse("referrals:manage-referral-list" if staff else "referrals:referral-list")
    labels = {
        "": pgettext("several referrals", "All"),
        "open": pgettext("several referrals", "Open"),
        "won": pgettext("several referrals", "Won"),
        "lost": pgettext("several referrals", "Lost"),
        "declined": pgettext("several referrals", "Declined"),
    }
    return [
        Tab(
            label,
            url + (f"?view={view}" if view else ""),
            view == current,
            count_text(counts[view or "all"]),
        )
        for view, label in labels.items()
    ]


def _bar(url: str, params: QueryDict, selects: list[Any], search_label: str) -> FilterBar:
    return FilterBar(
        url=url,
        label=gettext("Filter referrals"),
        params=params,
        search_label=search_label,
        selects=selects,
        keep=("sort", "view"),
    )


def _stage_select(params: QueryDict) -> Any:
    return select_from(params, "stage", gettext("Stage"), StageKind.choices)


def _period_select(params: QueryDict) -> Any:
    words = [(str(days), gettext("Last %(days)s days") % {"days": days}) for days in PERIODS]
    return select_from(params, "sent", gettext("Sent"), words, any_label=gettext("Any time"))


def _staff_selects(params: QueryDict, options: Options) -> list[Any]:
    selects = [
        select_from(
            params, "partner", gettext("Partner"), options.partners, any_label=gettext("All")
        )
    ]
    if len(options.programs) > 1:
        selects.append(
            select_from(
                params, "program", gettext("Program"), options.programs, any_label=gettext("All")
            )
        )
    selects.append(
        select_from(params, "owner", gettext("Owner"), options.owners, any_label=gettext("Anyone"))
    )
    still = [("1", gettext("Standing still"))]
    selects.append(
        select_from(params, "still", gettext("Movement"), still, any_label=gettext("All"))
    )
    selects.append(select_from(params, "role", gettext("Partner's role"), Role.choices))
    selects.append(select_from(params, "source", gettext("Came in by"), Source.choices))
    return selects


# ---------------------------------------------------------------- the same rows as a file


def export_header(*, staff: bool) -> list[str]:
    """Return the column names of an export."""
    partner = [gettext("Partner")] if staff else []
    return [
        gettext("Number"),
        *partner,
        gettext("Company"),
        gettext("Website"),
        gettext("Country"),
        gettext("Contact"),
        gettext("Job title"),
        gettext("Email"),
        gettext("Phone"),
        gettext("Program"),
        gettext("Stage"),
        gettext("Sent by"),
        gettext("Sent"),
        gettext("Last change"),
        gettext("Deal value"),
        gettext("Currency"),
        gettext("Protected until"),
        gettext("Came in by"),
        gettext("Partner's role"),
        gettext("Relationship"),
    ]


def export_rows(wanted: Wanted, visible: QuerySet[Referral], *, staff: bool) -> Iterator[list[Any]]:
    """Yield the rows of an export, newest first; notes are not among them."""
    found = wanted.rows(visible, staff=staff).select_related(
        "stage", "program", "partner", "submitted_by"
    )
    for row in found.order_by("-registered_at", "-id").iterator(chunk_size=2000):
        contact = contact_of(row, staff=staff)
        yield [
            row.number,
            *([row.partner.name] if staff else []),
            row.company,
            row.website,
            row.country,
            contact.name,
            contact.title,
            contact.email,
            contact.phone,
            row.program.name,
            row.stage.label,
            sender_name(row),
            row.registered_at,
            row.stage_entered_at,
            Money(row.deal_minor, row.currency) if row.deal_minor is not None else None,
            row.currency,
            row.protected_until,
            str(Source(row.source).label),
            str(Role(row.role).label),
            str(Relationship(row.relationship).label) if row.relationship else "",
        ]


def visible_for_export(member: Member) -> dict[str, Any]:
    """Return whose rows a job may write, as plain values."""
    if member.is_staff:
        return {"staff": True}
    return {"staff": False, "only_user_id": None if member.sees_all_referrals else member.user_id}


def export_name(ending: str, today: date) -> str:
    """Return the file's name: referrals-2026-11-19.csv."""
    return f"referrals-{today.isoformat()}.{ending}"


def export_answer(request: MemberRequest, *, back: str) -> HttpResponse:
    """Answer with the view's rows as a file, or with the job that writes them when they are many."""
    wanted, staff = (
        wanted_from(QueryDict(request.POST.get("query", "")[:2000])),
        request.member.is_staff,
    )
    asked = request.POST.get("format", "")
    ending = asked if asked in FORMATS else "csv"
    visible = Referral.objects.visible_to(request.member)
    rows = wanted.rows(visible, staff=staff)
    if rows.order_by()[: DIRECT_ROWS + 1].count() > DIRECT_ROWS:
        params = {"wanted": wanted.__dict__, "format": ending, **visible_for_export(request.member)}
        job = start_job(
            kind="referral.export",
            params=params,
            actor=request.member.actor,
            at=timezone.now(),
            back_path=back.removeprefix(reverse("start").removesuffix("start/")),
            partner_id=request.member.partner_id,
        )
        return redirect_to(request, reverse("job-detail", kwargs={"job_id": job.id}))
    response = _file_answer(ending, wanted, visible, staff=staff)
    response["Content-Disposition"] = (
        f'attachment; filename="{export_name(ending, timezone.localdate())}"'
    )
    return response


def _file_answer(
    ending: str, wanted: Wanted, visible: QuerySet[Referral], *, staff: bool
) -> HttpResponse:
    """Return the rows as a file of one of the formats."""
    if ending == "json":
        rows = wanted.rows(visible, staff=staff)
        return HttpResponse("".join(json_lines(rows, staff=staff)), content_type=FORMATS[ending])
    header, lines = export_header(staff=staff), export_rows(wanted, visible, staff=staff)
    if ending == "csv":
        return HttpResponse("".join(csv_lines(header, lines)), content_type=FORMATS[ending])
    book = BytesIO()
    write_xlsx(book, header, lines)
    return HttpResponse(book.getvalue(), content_type=FORMATS[ending])
