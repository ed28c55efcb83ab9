"""The demo's ways to pay: methods, a clock, limits, a list of the house bank's shape, and what waits for somebody."""

from datetime import datetime, timedelta
from io import BytesIO

from commissions.calendar.services import open_feed
from commissions.holds.selectors import accruals_on_hold
from commissions.holds.services import ask_early_releases
from commissions.payouts.models import FileTemplate, Payout, PayoutState
from commissions.payouts.settings import (
    AchHead,
    Clock,
    CurrencyLimits,
    save_payout_limits,
    save_payout_settings,
)
from commissions.payouts.templates import TemplateDraft, save_template
from commissions.results.services import read_results
from prm.accounts.capabilities import Role
from prm.accounts.models import Membership
from prm.demo.stage import Stage
from prm.events.services import Actor
from prm.tenancy.scope import current_scope
from prm.uploads.services import keep_upload
from prm.web.formats import money_plain

RELEASES = 3


def seed_paying(stage: Stage, *, now: datetime) -> None:
    """Choose how the vendor pays and leave finance something to decide, in the open scope; a repeat does nothing."""
    if FileTemplate.objects.exists():
        return
    italian = stage.story.language == "it"
    finance, admin = stage.actor(stage.story.staff[1]), stage.actor(stage.story.staff[3])
    begun = stage.month_start(2)
    save_payout_settings(
        methods=["sepa", "bank", "ach", "paypal", "wise"],
        clock=Clock("monthly", 25),
        head=AchHead(),
        actor=finance,
        at=begun,
    )
    limits = {"EUR": CurrencyLimits(2_500_000, 1_000_000, 10_000)}
    save_payout_limits(limits=limits, actor=admin, at=begun)
    columns = [
        ("number", "Riferimento" if italian else "Reference"),
        ("holder", "Beneficiario" if italian else "Payee"),
        ("account", "Conto" if italian else "Account"),
        ("amount", "Importo" if italian else "Amount"),
        ("currency", "Valuta" if italian else "Currency"),
    ]
    name = "Banca di casa" if italian else "House bank"
    draft = TemplateDraft(name, columns, delimiter=";", decimal_mark=",", day_format="%d/%m/%Y")
    save_template(draft=draft, actor=finance, at=begun)
    _ask(stage, finance, now, italian=italian)
    _bring_answer(finance, now)
    _subscribe(now)


def _ask(stage: Stage, finance: Actor, now: datetime, *, italian: bool) -> None:
    """Let finance ask for the largest rewards on hold; its colleague finds them in the queue."""
    at = now - timedelta(hours=5)
    largest = accruals_on_hold(at).order_by("-amount_minor", "id")[:RELEASES]
    reason = (
        "Il partner ha bisogno di liquidità per la fiera di Milano"
        if italian
        else "The partner prepays its stand at the spring fair"
    )
    ask_early_releases(accrual_ids=[row.id for row in largest], reason=reason, actor=finance, at=at)


def _bring_answer(finance: Actor, now: datetime) -> None:
    """Bring what the bank said of the last payments; one row belongs to nobody. It waits to be booked."""
    sent = [PayoutState.EXPORTED, PayoutState.SETTLED]
    payouts = list(Payout.objects.filter(state__in=sent).order_by("-id")[:12])
    if not payouts:
        return
    rows = ["reference;outcome;amount;currency;fee;date"]
    day = f"{now - timedelta(days=1):%Y-%m-%d}"
    rows += [
        f"{row.number};paid;{money_plain(row.amount_minor, row.currency)};{row.currency};0.20;{day}"
        for row in payouts
    ]
    rows.append(f"RENT-11;paid;1850.00;EUR;;{day}")
    content = "\r\n".join([*rows, ""]).encode()
    file = BytesIO(content)
    file.name = f"bank-answer-{now:%Y-%m}.csv"
    at = now - timedelta(hours=3)
    upload = keep_upload(
        file=file,
        purpose="payouts.result",
        allowed=frozenset({"csv"}),
        max_bytes=10**6,
        partner_id=None,
        actor=finance,
        at=at,
    )
    read_results(
        content=content, upload_id=upload.id, file_name=upload.file_name, actor=finance, at=at
    )


def _subscribe(now: datetime) -> None:
    """Give the first partner admin an address of the money calendar."""
    admins = Membership.objects.filter(
        tenant_id=current_scope().tenant_id,
        partner_id__isnull=False,
        ended_at__isnull=True,
        roles__contains=[Role.PARTNER_ADMIN],
    )
    first = admins.select_related("user").order_by("id").first()
    if first is not None and first.partner_id is not None:
        actor = Actor(first.user_id, name=first.user.get_full_name())
        open_feed(partner_id=first.partner_id, actor=actor, at=now - timedelta(days=20))
