"""Every number of the funnel equals the rows behind it, and says where partners stand."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from partners.agreements.models import Acceptance, AgreementVersion
from partners.applications.models import Application, ApplicationState, PageVisits
from partners.onboarding.funnel import (
    FIGURES,
    Asked,
    funnel,
    rows_of,
    runs_standing_at,
    step_figures,
)
from partners.onboarding.models import Run, Step
from partners.onboarding.services import confirm_read, hand_in, skip_step
from partners.onboarding.stuck import open_runs, stuck_rows, stuck_runs
from partners.programs.models import Program
from prm.accounts.capabilities import Role
from prm.accounts.models import Membership, User
from prm.events.services import SYSTEM
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from tests.builders.onboarding import a_file, a_run, a_track, read_step, steps_in, upload_step
from tests.builders.partners import a_partner, a_program
from tests.builders.people import a_member
from tests.builders.referrals import a_referral
from tests.conftest import World

DAY = timedelta(days=1)
TODAY = date(2026, 11, 18)


def an_application(
    program: Program, at: datetime, *, state: str = "submitted", source: str = "", **facts: Any
) -> Application:
    return Application.objects.create(
        program=program,
        state=state,
        email=f"{uuid4().hex}@x.example",
        company="Northgate",
        source=source,
        submitted_at=at,
        link_hash=uuid4().hex * 2,
        **facts,
    )


def counts(asked: Asked) -> dict[str, int]:
    return {step.name: step.count for step in funnel(asked)}


def test_counts_equal_the_rows_behind_them_by_program_period_and_source(
    world: World, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        program, other = a_program(), a_program("Other")
        a_track(program, read_step())
        version = AgreementVersion.objects.create(
            program=program, number=1, texts={"en": "T"}, published_at=at, binding_from=at
        )
        for day, source, views, starts in (
            (TODAY, "fair", 40, 9),
            (TODAY, "", 10, 3),
            (TODAY - 89 * DAY, "fair", 5, 0),
            (TODAY - 90 * DAY, "fair", 1000, 100),
        ):
            PageVisits.objects.create(
                program=program, day=day, source=source, views=views, starts=starts
            )
        partners = [a_partner(f"P{number}", programs=(program,)) for number in range(4)]
        for partner in partners[:3]:
            an_application(
                program, at, state=ApplicationState.APPROVED, source="fair", partner=partner
            )
        an_application(other, at, state=ApplicationState.APPROVED, partner=partners[3])
        an_application(program, at, state=ApplicationState.DECLINED)
        an_application(program, at, source="fair")
        an_application(program, at - 100 * DAY, source="fair")
        Application.objects.create(program=program, email="draft@x.example", link_hash="d" * 64)
        for partner in partners[:2]:
            Acceptance.objects.create(
                version=version,
                program=program,
                partner=partner,
                user=world.manager,
                signer_name="A",
                accepted_at=at,
                language="en",
                text="T",
                text_hash="0" * 64,
            )
        run = a_run(partners[0].id, program, at=at)
        confirm_read(done_id=steps_in(run)[0].id, actor=SYSTEM, at=at)
        a_referral(at, partner=partners[0], program=program)

        every = Asked(world.acme, TODAY, 90)
        mine = replace(every, program_id=program.id)
        fair = replace(mine, source="fair")

        assert counts(every) == {
            "views": 55,
            "starts": 12,
            "applied": 6,
            "approved": 4,
            "signed": 3,
            "finished": 1,
            "referred": 1,
        }
        assert counts(mine) == {**counts(every), "applied": 5, "approved": 3, "signed": 2}
        assert counts(fair) == {
            **counts(mine),
            "views": 45,
            "starts": 9,
            "applied": 4,
        }
        assert counts(replace(mine, source=""))["applied"] == 1
        assert counts(replace(mine, days=None))["applied"] == 6
        assert counts(replace(mine, days=None))["views"] == 1055
        for asked in (every, mine, fair, replace(mine, days=30), replace(mine, days=None)):
            for name, count in counts(asked).items():
                rows = rows_of(name, asked)
                found = (
                    sum(getattr(row, name) for row in rows)
                    if FIGURES[name].where is None
                    else rows.count()
                )
                assert (name, found) == (name, count)


def test_an_empty_funnel_has_no_shares(acme: Tenant) -> None:
    steps = funnel(Asked(acme, TODAY, 90))

    assert [(step.count, step.share) for step in steps] == [(0, None)] * 7


def test_steps_show_who_is_through_and_who_stands_where(acme: Tenant, at: datetime) -> None:
    program = a_program()
    track = a_track(program, read_step("One"), upload_step("Two", due_days=3), read_step("Three"))
    runs = [a_run(a_partner(f"P{number}").id, program, at=at) for number in range(5)]
    for run, days in zip(runs[:4], (1, 2, 3, 8), strict=True):
        confirm_read(done_id=steps_in(run)[0].id, actor=SYSTEM, at=at + days * DAY)
    hand_in(
        done_id=steps_in(runs[0])[1].id,
        file_id=a_file(runs[0].partner_id).id,
        note="",
        actor=SYSTEM,
        at=at + DAY,
    )
    skip_step(done_id=steps_in(runs[1])[1].id, actor=SYSTEM, at=at + DAY, for_partner=True)

    found = step_figures(track, since=None, now=at + 10 * DAY, language="en")

    assert [
        (
            row.title,
            row.run_count,
            row.done_count,
            row.skipped_count,
            row.waiting_count,
            row.overdue_count,
            row.standing_count,
            row.days,
        )
        for row in found
    ] == [
        ("One", 5, 4, 0, 0, 0, 1, 2.5),
        ("Two", 5, 0, 1, 1, 3, 3, None),
        ("Three", 5, 0, 0, 0, 0, 1, None),
    ]
    for row in found:
        step = Step.objects.get(id=row.step_id)
        assert runs_standing_at(open_runs(), step.id, step.position).count() == row.standing_count
    later = step_figures(track, since=at + DAY, now=at + 10 * DAY, language="en")
    assert [row.run_count for row in later] == [0, 0, 0]


def test_says_why_somebody_stands_still(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        program = a_program()
        AgreementVersion.objects.create(
            program=program, number=1, texts={"en": "T"}, published_at=at, binding_from=at
        )
        free = a_program("Free")
        a_track(program, upload_step("Papers"), read_step("Handbook"))
        a_track(free, read_step("Handbook", due_days=2), read_step("Second"))

        def joined(name: str, seen: datetime | None) -> Any:
            partner = a_partner(name)
            user = a_member(
                world.acme,
                Role.PARTNER_ADMIN,
                f"{name.lower()}@x.example",
                partner_id=partner.id,
                partner_name=name,
            )
            Membership.objects.filter(user=user).update(last_seen_at=seen)
            return partner

        a_run(a_partner("Alone").id, free, at=at)
        a_run(joined("Unseen", None).id, free, at=at)
        a_run(joined("Late", at + 9 * DAY).id, free, at=at)
        away = a_run(joined("Away", at).id, program, at=at)
        quick = a_run(joined("Quick", at + 19 * DAY).id, free, at=at)
        hand_in(
            done_id=steps_in(away)[0].id,
            file_id=a_file(away.partner_id).id,
            note="",
            actor=SYSTEM,
            at=at,
        )
        confirm_read(done_id=steps_in(quick)[0].id, actor=SYSTEM, at=at + 14 * DAY)
        now = at + 20 * DAY

        runs = (
            stuck_runs(days=7, at=now)
            .select_related("partner", "program", "track")
            .order_by("partner__name")
        )
        why = {row.run.partner.name: row for row in stuck_rows(list(runs), at=now)}

        words = {name: [_plain(reason) for reason in row.reasons] for name, row in why.items()}
        overdue = "“Handbook” is overdue since 20 Nov 2026"
        assert words == {
            "Alone": ["Nobody has joined yet", overdue],
            "Unseen": ["Nobody has signed in yet", overdue],
            "Late": [overdue],
            "Away": [
                "Waits for our approval of “Papers” since 18 Nov 2026",
                "Nobody has signed in since 18 Nov 2026",
                "The agreement is not signed",
            ],
        }
        assert (why["Away"].is_ours, why["Away"].may_nudge) == (True, False)
        assert (why["Late"].is_ours, why["Late"].may_nudge) == (False, True)
        every = list(open_runs().filter(id=quick.id).select_related("partner", "program", "track"))
        assert stuck_rows(every, at=now)[0].reasons == ["Has not done “Second”"]


def _plain(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ")


# ---------------------------------------------------------------- pages


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


@pytest.fixture
def busy(world: World, deliver: Callable[[], int]) -> World:
    with tenant_scope(world.acme.id):
        program = a_program()
        a_program("Other")
        a_track(program, read_step("Handbook"))
        now = timezone.now()
        PageVisits.objects.create(
            program=program, day=timezone.localdate(), source="fair", views=7, starts=2
        )
        partner = a_partner("Kestrel")
        an_application(program, now, state="approved", source="fair", partner=partner)
        an_application(program, now, source="web")
        a_run(partner.id, program, at=now - 20 * DAY)
    return world


@pytest.mark.parametrize(
    ("figure", "query", "total", "shown"),
    [
        pytest.param("views", "", 7, "fair", id="views"),
        pytest.param("applied", "", 2, "Northgate", id="applied"),
        pytest.param("applied", "?source=fair", 1, "fair", id="one source"),
        pytest.param("applied", "?source=-", 0, "Nothing in this period", id="no source"),
        pytest.param("approved", "?period=all&program=nonsense", 1, "Approved", id="approved"),
        pytest.param("referred", "", 0, "Nothing in this period", id="nobody referred"),
    ],
)
def test_each_number_leads_to_its_rows(
    busy: World, figure: str, query: str, total: int, shown: str
) -> None:
    client = signed_in(busy.manager)

    page = client.get(f"/acme/manage/onboarding/figures/{figure}/{query}").content.decode()

    assert f": {total}</h1>" in page
    assert shown in page


def test_the_overview_leads_to_who_stands_at_a_step(busy: World) -> None:
    client = signed_in(busy.manager)
    page = client.get("/acme/manage/onboarding/?source=fair").content.decode()
    assert "/acme/manage/onboarding/figures/applied/?source=fair" in page
    with tenant_scope(busy.acme.id):
        step = Step.objects.get()
        run = Run.objects.get()
    assert f"?step={step.id}&amp;still=0" in page

    listed = client.get(f"/acme/manage/onboarding/partners/?step={step.id}&still=0")

    assert [row.run.id for row in listed.context["rows"]] == [run.id]
    assert "Only those who stand at “Handbook”" in listed.content.decode()
    assert client.get("/acme/manage/onboarding/partners/?step=x&still=q").status_code == 200
    assert client.get("/acme/manage/onboarding/figures/nonsense/").status_code == 404
