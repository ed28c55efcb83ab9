"""Partners hear 60, 30 and 7 days before what they have ends, when it ended, and when it is back."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from commissions.accruals.lapses import standings_of, warn_of_lapses
from commissions.plans.services import RuleTerms
from commissions.plans.terms import Activity, Policy, Preferred
from prm.accounts.capabilities import Role
from prm.notices.models import Notice
from prm.tenancy.scope import tenant_scope
from tests.builders.commissions import a_won_deal
from tests.builders.people import a_member
from tests.builders.referrals import a_partner, a_referral
from tests.builders.refined import a_refined_plan
from tests.conftest import World

WIN = datetime(2025, 3, 10, 12, tzinfo=UTC)
WHILE_ACTIVE = RuleTerms("revenue", "percent", rate=Decimal("0.2"), scope="active")


def _kinds() -> list[str]:
    return list(Notice.objects.order_by("id").values_list("kind", flat=True))


def test_an_inactive_partner_was_warned_three_times_and_comes_back_with_a_win(
    world: World, deliver: Callable[[], int]
) -> None:
    with tenant_scope(world.acme.id):
        a_refined_plan(WHILE_ACTIVE, policy=Policy(activity=Activity()))
        partner = a_partner("Ferrante")
    a_member(world.acme, Role.PARTNER_ADMIN, "boss@ferrante.example", partner_id=partner.id)
    with tenant_scope(world.acme.id):
        a_won_deal(WIN, partner=partner)

    end = datetime(2026, 3, 10, 12, tzinfo=UTC)
    for left in (61, 60, 60, 45, 30, 7, 6, 1, 0, -1):
        with tenant_scope(world.acme.id):
            warn_of_lapses(at=end - timedelta(days=left))

    with tenant_scope(world.acme.id):
        assert _kinds() == [*["activity.ending"] * 3, "activity.lapsed"]
        (now,) = standings_of(partner.id, end.date())
        assert (str(now.ends_on), now.is_active) == ("2026-03-10", False)
        a_won_deal(end + timedelta(days=9), partner=partner, company="Back")
    deliver()
    with tenant_scope(world.acme.id):
        assert "activity.returned" in _kinds()
        assert standings_of(partner.id, (end + timedelta(days=9)).date())[0].is_active


def test_preferred_terms_end_with_notice(world: World) -> None:
    with tenant_scope(world.acme.id):
        a_refined_plan(
            RuleTerms("won", "fixed", amount_minor=100), policy=Policy(preferred=Preferred(2))
        )
        partner = a_partner("Ferrante")
        for year in (2024, 2025):
            a_referral(datetime(year, 5, 1, tzinfo=UTC), partner=partner, company=f"C{year}")
    a_member(world.acme, Role.PARTNER_ADMIN, "boss@ferrante.example", partner_id=partner.id)

    told = []
    for day in (0, 1, 2):
        with tenant_scope(world.acme.id):
            warn_of_lapses(at=datetime(2025, 12, 31, 12, tzinfo=UTC) + timedelta(days=day))
            told.append(len(_kinds()))

    assert told == [0, 1, 1]
    with tenant_scope(world.acme.id):
        notice = Notice.objects.get()
        assert (notice.kind, notice.facts["day"]) == ("terms.standard", "2026-01-31")
