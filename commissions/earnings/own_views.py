"""What a partner's person earns for themselves, whether or not they see what the partner earns."""

from datetime import timedelta

from django.db.models import F, Sum
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from commissions.accruals.models import Accrual
from commissions.accruals.reps import policy_of
from commissions.contests.selectors import prizes_won_by
from commissions.earnings.lines import lines_for
from commissions.earnings.listings import ORDERS
from commissions.earnings.tables import OwnRewardsTable
from commissions.gifts.pages import own_rows
from commissions.gifts.selectors import own_awards
from commissions.teams.selectors import own_parts
from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs
from prm.accounts.members import MemberRequest
from prm.web.paging import keyset_page

# Rewards that are not money are few, and so are prizes; the newest of them are shown.
MOST = 100
# How far back a person's parts of the company's commission are shown, in days.
YEAR = 366


@require_GET
@needs(Capability.PARTNER_HOME)
def own_rewards(request: MemberRequest) -> HttpResponse:
    """List the person's own rewards, money and what is not money apart, and say what the partner allows now."""
    now = timezone.now()
    mine = Accrual.objects.for_person(request.member)
    page = keyset_page(mine, params=request.GET, orders=ORDERS, default="-earned")
    sums = (
        mine.values("currency")
        .annotate(minor=Sum(F("amount_minor") - F("clawed_minor")))
        .order_by("currency")
    )
    context = {
        "page": page,
        "table": OwnRewardsTable(lines_for(page.rows, now=now, staff=False), page=page),
        "sums": sums,
        "prizes": list(prizes_won_by(request.member)[:MOST]),
        "parts": own_parts(request.member, timezone.localdate(now) - timedelta(days=YEAR)),
        "gifts": own_rows(list(own_awards(request.member)[:MOST])),
        "allows": policy_of(request.member.own_partner_id, now),
    }
    return render(request, "commissions/earnings/own.html", context)
