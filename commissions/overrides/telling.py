"""Tells people of exceptions, in the language of each."""

from datetime import datetime, timedelta
from typing import Any

from django.utils import translation

from commissions.overrides.models import OverrideState, PlanOverride
from commissions.overrides.wording import override_words, span_words
from prm.accounts.capabilities import Capability
from prm.accounts.models import User
from prm.accounts.selectors import members_with
from prm.notices.services import notify
from prm.tenancy.models import Tenant
from prm.tenancy.scope import current_scope
from prm.web.formats import day_text

# Days before its end on which people are warned.
WARN_DAYS = (30, 7)
# Kinds that the partner's people get; the others are the vendor's.
TO_PARTNER = frozenset({"override.terms", "override.expires"})


def tell(
    override: PlanOverride, kind: str, user_id: int, *, key: str, at: datetime, **more: Any
) -> None:
    """Queue one notice; its words are made in the language of whom they are for."""
    language = User.objects.values_list("language", flat=True).get(id=user_id)
    with translation.override(language or _tenant_language()):
        words, span = override_words(override), span_words(override)
        last_day = day_text(override.ends_at - timedelta(seconds=1))
    to_partner = kind in TO_PARTNER
    notify(
        kind=kind,
        key=f"{key}:{override.id}",
        user_id=user_id,
        facts={
            "partner": override.partner.name,
            "program": override.program.name,
            "terms": words,
            "span": span,
            "last_day": last_day,
            "reason": "" if to_partner else override.reason,
            "note": override.decision_note if kind == "override.decided" else "",
            **more,
        },
        path=f"terms/{override.program_id}/" if to_partner else f"manage/exceptions/{override.id}/",
        partner_id=override.partner_id if to_partner else None,
        at=at,
    )


def tell_partner(override: PlanOverride, kind: str, *, key: str, at: datetime, **more: Any) -> None:
    """Tell the partner's people who see what it earns."""
    for user in members_with(
        Capability.SEE_EARNINGS,
        tenant_id=current_scope().tenant_id,
        partner_id=override.partner_id,
    ):
        tell(override, kind, user.id, key=key, at=at, **more)


def warn_of_expiry(*, at: datetime) -> int:
    """Warn of exceptions that end within thirty days, and again within seven; return how many were looked at.

    Told are the partner's people, who asked for it, and the partner's manager; each once for either number of days. An
    exception that was approved later than that is not warned of.
    """
    ending = PlanOverride.objects.filter(
        state=OverrideState.APPROVED,
        ends_at__gt=at,
        ends_at__lte=at + timedelta(days=max(WARN_DAYS)),
    ).select_related("program", "partner", "version")
    for override in ending.order_by("ends_at", "id"):
        days = min(days for days in WARN_DAYS if override.ends_at <= at + timedelta(days=days))
        if override.decided_at and override.decided_at > override.ends_at - timedelta(days=days):
            continue
        key = f"override.expires:{days}"
        tell_partner(override, "override.expires", key=key, at=at)
        for user_id in sorted({override.asked_by_id, override.partner.manager_id} - {None}):
            tell(override, "override.expiring", user_id, key=key, at=at)
    return len(ending)


def _tenant_language() -> str:
    return Tenant.objects.values_list("language", flat=True).get(id=current_scope().tenant_id)
