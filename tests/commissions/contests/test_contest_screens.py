"""A contest by its pages: drafted and published by form, changed in the open with words that partners read."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.test import Client
from django.utils import timezone

from commissions.contests.models import Contest, Prize
from commissions.contests.rules import PrizeTerms
from prm.notices.models import Notice
from prm.tenancy.scope import tenant_scope
from tests.builders.contests import a_contest
from tests.builders.referrals import a_program, people_of
from tests.commissions.contests.test_contests_of_people import signed_in
from tests.conftest import World

DAY = timedelta(days=1)
NEW = "/acme/manage/contests/new/"


def test_a_contest_is_drafted_asked_about_and_published(
    world: World, deliver: Callable[[], int]
) -> None:
    with tenant_scope(world.acme.id):
        a_program()
        people = people_of(world.acme)
    admin, today = signed_in(world.admin), timezone.now().date()
    filled = {
        "title": "Winter race",
        "starts_on": str(today + 3 * DAY),
        "ends_on": str(today + 33 * DAY),
        "competes": "people",
        "metric": "value",
        "tie_rule": "value",
        "check_days": "10",
        "least_value": "1,500.00",
        "amount_1": "500.00",
        "goods_2": "A hamper",
        "cost_2": "80.00",
    }

    assert admin.post(NEW, {**filled, "amount_1": ""}).status_code == 422
    assert admin.post(NEW, {**filled, "competes": "everybody"}).status_code == 422
    page = admin.post(NEW, filled)["Location"]

    with tenant_scope(world.acme.id):
        contest = Contest.objects.get()
        assert (contest.competes, contest.metric, contest.least) == ("people", "value", 150_000)
        prizes = Prize.objects.order_by("rank").values_list("amount_minor", "goods", "cost_minor")
        assert list(prizes) == [(50_000, "", 0), (0, "A hamper", 8_000)]
    # The form says again what was saved, and saving it anew changes nothing.
    form = admin.get(f"{page}edit/").context["form"]
    assert form.initial["competes"] == "people"
    question = admin.get(f"{page}publish/").content.decode()
    assert ("Publish contest" in question, "People at partners" in question) == (True, True)
    assert signed_in(people.rep).get(f"/acme/contests/{contest.id}/").status_code == 404
    admin.post(f"{page}publish/")
    deliver()
    own = signed_in(people.rep).get(f"/acme/contests/{contest.id}/").content.decode()
    assert ("At least €1,500.00" in own, "€80.00" in own) == (True, False)


def test_a_draft_that_begins_too_soon_says_so_and_leads_to_the_day(
    world: World, deliver: Callable[[], int]
) -> None:
    today = timezone.now().astimezone(ZoneInfo(world.acme.time_zone)).date()
    with tenant_scope(world.acme.id):
        begins = midnight(world, today)
        draft = a_contest(a_program(), published=False, starts_at=begins, ends_at=begins + 30 * DAY)
    admin, page = signed_in(world.admin), f"/acme/manage/contests/{draft.id}/"

    own = admin.get(page).content.decode()
    asked, pressed = admin.get(f"{page}publish/"), admin.post(f"{page}publish/")

    assert "It cannot be published yet" in own
    assert "The first day has begun. Choose a later one" in own
    assert (f'href="{page}edit/#id_starts_on"' in own, f"{page}publish/" in own) == (True, False)
    assert 'id="id_starts_on"' in admin.get(f"{page}edit/").content.decode()
    assert (asked["Location"], pressed["Location"]) == (page, page)
    with tenant_scope(world.acme.id):
        assert Contest.objects.get().published_at is None
    assert changed(admin, draft, starts_on=str(today + 2 * DAY)) == 302
    assert f'href="{page}publish/"' in admin.get(page).content.decode()


def midnight(world: World, day: date) -> datetime:
    """Return the first moment of a day as the vendor counts days."""
    return datetime.combine(day, time(), ZoneInfo(world.acme.time_zone))


def changed(client: Client, contest: Contest, **fields: str) -> int:
    """Post the form as it stands, but for some fields; return the answer's status."""
    page = f"/acme/manage/contests/{contest.id}/edit/"
    form = client.get(page).context["form"]
    values = {}
    for bound in form:
        value = bound.value()
        if hasattr(value, "decimal"):
            value = str(value.decimal)
        values[bound.html_name] = "" if value is None else value
    return client.post(page, {**values, **fields}).status_code


def test_a_change_after_the_start_is_a_version_with_its_reason_told_to_every_partner(
    world: World, deliver: Callable[[], int]
) -> None:
    today = timezone.now().astimezone(ZoneInfo(world.acme.time_zone)).date()
    with tenant_scope(world.acme.id):
        people = people_of(world.acme)
        contest = a_contest(
            a_program(),
            starts_at=midnight(world, today - 5 * DAY),
            ends_at=midnight(world, today + 9 * DAY),
            prizes=(PrizeTerms(1, amount_minor=50_000), PrizeTerms(2, goods="Cup", cost_minor=77)),
        )
    admin = signed_in(world.admin)
    reason = "Deals are bigger than we thought"

    assert changed(admin, contest, metric="value") == 422
    past = str(today - 2 * DAY)
    assert changed(admin, contest, ends_on=past, reason=reason) == 422
    assert changed(admin, contest, starts_on=past, reason=reason) == 422
    with tenant_scope(world.acme.id):
        assert Contest.objects.get().version == 1
    wanted = {"metric": "value", "amount_1": "600.00", "cost_2": "8.88", "reason": reason}
    assert changed(admin, contest, **wanted) == 302
    assert changed(admin, contest, reason="Nothing else") == 302
    deliver()

    with tenant_scope(world.acme.id):
        assert Contest.objects.get().version == 2
        told = Notice.objects.get(kind="contest.changed", user=people.rep)
        assert (told.facts["reason"], told.partner_id) == (reason, people.partner.id)
    page = signed_in(people.rep).get(f"/acme/contests/{contest.id}/").content.decode()
    words = " ".join(page.split())
    assert "Version 2" in words
    assert reason in words
    assert "What counts: <del>Won referrals</del> → Value of won deals" in words
    assert "<del>1: 500.00 EUR, 2: Cup</del> → 1: 600.00 EUR, 2: Cup" in words
    assert "8.88" not in words

    # Called off: why is read where the rules were.
    off = f"/acme/manage/contests/{contest.id}/cancel/"
    assert admin.post(off, {"reason": ""}).status_code == 422
    admin.post(off, {"reason": "The budget is gone"})
    deliver()
    with tenant_scope(world.acme.id):
        facts = {"kind": "contest.changed", "user": people.rep, "facts__cancelled": True}
        path = Notice.objects.get(**facts).path
    assert "The budget is gone" in signed_in(people.rep).get(f"/acme/{path}").content.decode()
