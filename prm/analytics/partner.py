"""The partner's home: what needs the person, what moves, what is earned."""

from datetime import date
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from commissions.acceptances.waiting import terms_tasks
from commissions.accruals.models import Accrual
from commissions.contests.selectors import prizes_won_by
from commissions.gifts.selectors import own_awards
from commissions.payouts.exceptions import payout_tasks, return_tasks
from commissions.payouts.models import PayoutAccount
from commissions.teams.selectors import sees_parts
from commissions.tiers.pages import tier_places
from partners.directory.goals import goal_lines
from partners.directory.models import Partner
from partners.directory.moves import tenant_day
from partners.onboarding.models import Fact
from partners.onboarding.rules import SUBMIT
from partners.onboarding.selectors import onboarding_tasks, page_url
from partners.onboarding.words import TO_DO
from partners.programs.models import Program
from prm.accounts.capabilities import Capability
from prm.accounts.gates import Missing, missing_for
from prm.accounts.members import Member, note_visit
from prm.accounts.models import Membership, User
from prm.analytics import money, selectors
from prm.analytics.changes import changes_since
from prm.analytics.record import service_record
from prm.analytics.rules import months_of, period_named
from prm.analytics.selectors import PATH
from prm.analytics.words import month_text
from prm.tenancy.models import Tenant
from prm.web.charts import Bar, Chart, bar_chart
from prm.web.formats import day_text, money_compact, money_text, number_text, percent_text
from prm.web.parts import Stat, Task
from referrals.claims.selectors import Places, places_in
from referrals.intake.selectors import programs_open_to
from referrals.pipeline.models import OPEN_KINDS, Referral, StageKind
from referrals.pipeline.panels import rewards_of
from referrals.pipeline.selectors import stages_of
from referrals.pipeline.tables import person_words


def partner_panels(tenant: Tenant, member: Member) -> dict[str, Any]:
    """Return everything the partner's home shows this person."""
    partner = Partner.objects.select_related("manager").get(id=member.own_partner_id)
    mine = Referral.objects.visible_to(member)
    newest = mine.select_related("stage").order_by("-stage_entered_at", "-id")
    # What can still be won moves; where nothing does, the last decided ones say how it ended.
    moving = list(newest.filter(stage_kind__in=OPEN_KINDS)[:5])
    some_move = bool(moving)
    moving = moving or list(newest[:5])
    months = months_of(period_named("last-12-months", timezone.localdate()))
    owed = money.owed_by_currency(member.partner_id) if member.may(Capability.SEE_EARNINGS) else []
    main = owed[0] if owed else None
    lacks = missing_for(partner_id=partner.id, feature=SUBMIT, at=timezone.now())
    held = payout_tasks(partner.id, member, at=timezone.now())
    back = return_tasks(partner.id, member)
    first, tasks = _first_task(
        # What came back and holds the balance is one task.
        list(dict.fromkeys([*_partner_tasks(partner, member), *back, *held])),
        lacks,
    )
    since = note_visit(member, timezone.now())
    chart = None
    if main:
        paid = money.paid_by_month(main.currency, months, tenant.time_zone, member.partner_id)
        chart = _paid_chart(months, paid, main.currency)
    return {
        "partner": partner,
        "greeting": _greeting(member.name),
        "tiles": _partner_tiles(mine, main, owed, member, held=bool(held)),
        # What stands before the first referral: shown alone and first; None once submitting is open.
        "first_task": first,
        "may_submit": not lacks,
        "tasks": tasks,
        "moving": _moving_rows(moving, member),
        "some_move": some_move,
        "sees_rewards": member.may(Capability.SEE_EARNINGS),
        "chart": chart,
        "changes": changes_since(member, since) if since else [],
        "since": since,
        "record": service_record(timezone.now()),
        "goals": goal_lines(partner.id),
        "places": _places(partner) if member.may(Capability.SUBMIT_REFERRAL) else [],
        "tiers": tier_places(partner.id),
        "has_own_rewards": Accrual.objects.for_person(member).exists()
        or own_awards(member).exists()
        or prizes_won_by(member).exists()
        or sees_parts(member),
        "manager": partner.manager or _any_manager(tenant),
        "first_use": not moving,
        # Who may enter them has a task for it.
        "has_details": member.may(Capability.MANAGE_PAYOUT_DETAILS)
        or PayoutAccount.objects.filter(partner_id=partner.id).exists(),
    }


def _places(partner: Partner) -> list[tuple[Program, Places]]:
    """Return how many companies the partner may still have protected, by program."""
    now = timezone.now()
    programs = programs_open_to(partner.id, day=tenant_day(now))
    found = places_in(partner_id=partner.id, program_ids=[row.id for row in programs], at=now)
    return [(row, found[row.id]) for row in programs]


def _greeting(name: str) -> str:
    first = name.split(maxsplit=1)[0] if name.split() else name
    hour = timezone.localtime().hour
    if hour < 12:
        return _("Good morning, %(name)s") % {"name": first}
    if hour < 18:
        return _("Good afternoon, %(name)s") % {"name": first}
    return _("Good evening, %(name)s") % {"name": first}


def _ready_note(main: money.Owed, others: list[str], *, held: bool) -> str:
    """Return what stands below what is ready, which is the same sum as on the page of earnings."""
    if others:
        return _("plus %(others)s") % {"others": ", ".join(others)}
    if held and main.payable_minor > 0:
        return _("held back for now, see below")
    if main.in_payout_minor > 0:
        on_its_way = money_text(main.in_payout_minor, main.currency)
        return _("plus %(sum)s on its way to you") % {"sum": on_its_way}
    return _("goes into the next payout")


def _partner_tiles(
    mine: Any, main: money.Owed | None, owed: list[money.Owed], member: Member, *, held: bool
) -> list[Stat]:
    tiles = []
    if main:
        others = [
            money_text(row.payable_minor, row.currency) for row in owed[1:] if row.payable_minor
        ]
        release = (
            money.next_release(member.partner_id, main.currency, timezone.now())
            if member.partner_id
            else None
        )
        tiles = [
            Stat(
                _("Ready to be paid"),
                money_text(main.payable_minor, main.currency),
                note=_ready_note(main, others, held=held),
                url=reverse("commissions:earnings"),
            ),
            Stat(
                _("On hold"),
                money_text(main.on_hold_minor, main.currency),
                note=_("first release %(day)s") % {"day": day_text(release)}
                if release
                else _("nothing is held"),
                url=reverse("commissions:earnings"),
            ),
        ]
    won = mine.won().count()
    decided = mine.filter(stage_kind__in=selectors.DECIDED).count()
    rate = selectors.rate_of(won, decided)
    return [
        *tiles,
        Stat(
            _("Open referrals"),
            number_text(mine.open().count()),
            note=_("can still be won"),
            url=reverse("referrals:referral-list"),
        ),
        Stat(
            _("Win rate"),
            percent_text(rate) if rate is not None else "–",
            note=_("%(won)s won of %(decided)s decided")
            % {"won": number_text(won), "decided": number_text(decided)},
        ),
    ]


def _partner_tasks(partner: Partner, member: Member) -> list[Task]:
    now = timezone.now()
    return [
        *onboarding_tasks(partner.id, at=now),
        *terms_tasks(partner.id, member, at=now),
    ]


def _first_task(tasks: list[Task], lacks: list[Missing]) -> tuple[Task | None, list[Task]]:
    """Split what waits into the thing that opens submitting and the rest; nothing stands in both.

    The next step of a track leads; without one, the first condition that is missing.
    """
    steps = page_url("partners:onboarding")
    if not lacks:
        referral = str(TO_DO[Fact.REFERRAL])
        return None, [task for task in tasks if task.title != referral]
    step = next((task for task in tasks if task.url == steps), None)
    if step is not None:
        return step, [task for task in tasks if task is not step]
    return Task(
        lacks[0].words, _("This opens referrals."), lacks[0].path, _("Do this step"), "flag", ""
    ), tasks


def _moving_rows(moving: list[Referral], member: Member) -> list[dict[str, Any]]:
    rewards = rewards_of(moving, member)
    order: dict[Any, list[Any]] = {}
    rows = []
    for referral in moving:
        stages = order.setdefault(
            referral.program_id, [s for s in stages_of(referral.program_id) if s.kind in PATH]
        )
        step = next((i for i, stage in enumerate(stages, 1) if stage.id == referral.stage_id), 0)
        lost = referral.stage_kind in {StageKind.LOST, StageKind.REJECTED, StageKind.EXPIRED}
        rows.append(
            {
                "referral": referral,
                "person": person_words(referral, staff=False),
                "reward": rewards.get(referral.id),
                "ended": lost,
                "step": step,
                "total": len(stages),
                "tone": "ok" if referral.stage_kind == StageKind.WON else "off" if lost else "",
            },
        )
    return rows


def _paid_chart(months: list[date], paid: list[int], currency: str) -> Chart:
    total = sum(paid)
    finding = _("%(sum)s paid in the last 12 months.") % {"sum": money_text(total, currency)}
    if not total:
        finding = _("Nothing was paid in the last 12 months.")
    return bar_chart(
        [
            Bar(month_text(month, short=True), month_text(month), float(value))
            for month, value in zip(months, paid, strict=True)
        ],
        heading=_("Earnings paid, last 12 months"),
        finding=finding,
        head=[_("Month"), _("Paid")],
        words=lambda value: money_text(round(value), currency),
        axis_words=lambda value: money_compact(round(value), currency),
    )


def _any_manager(tenant: Tenant) -> User | None:
    row = (
        Membership.objects.filter(tenant=tenant, ended_at=None, roles__contains=["channel_manager"])
        .select_related("user")
        .order_by("created_at")
        .first()
    )
    return row.user if row else None
