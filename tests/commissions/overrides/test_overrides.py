"""An exception needs two people, prices what is registered in its time, and falls back by itself."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from commissions.overrides.models import PlanOverride
from commissions.overrides.selectors import listed_overrides, version_for
from commissions.overrides.services import (
    NothingToOverride,
    OverrideIsOver,
    OverridesOverlap,
    OverrideTerms,
    SamePerson,
    approve_override,
    ask_override,
    end_override,
)
from commissions.overrides.telling import warn_of_expiry
from prm.accounts.capabilities import Role
from prm.accounts.models import User
from prm.events.models import Event
from prm.events.services import Actor
from prm.notices.models import Notice
from prm.tenancy.scope import tenant_scope
from tests.builders.commissions import TWENTY_PERCENT, a_plan, an_override
from tests.builders.people import a_member
from tests.builders.referrals import a_partner, a_program
from tests.conftest import World


def rate_for(partner: object, program: object, at: datetime) -> str:
    version = version_for(partner.id, program.id, at)  # type: ignore[attr-defined]
    assert version is not None
    return f"{version.rules[-1].rate:.2f}"


def actor(user: User) -> Actor:
    return Actor(user_id=user.id, name=user.get_full_name())


def test_an_exception_counts_from_its_approval_to_its_day(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        program = a_program()
        plan = a_plan(program)
        partner, other = a_partner(program=program), a_partner("Other", program=program)
        asked = an_override(
            partner, program, asked_by=world.manager, at=at - timedelta(days=10), days=30
        )

        before = rate_for(partner, program, at)
        with pytest.raises(SamePerson):
            approve_override(override_id=asked.id, note="", actor=actor(world.manager), at=at)
        approve_override(override_id=asked.id, note="", actor=actor(world.admin), at=at)
        again = approve_override(override_id=asked.id, note="", actor=actor(world.admin), at=at)

        last = asked.ends_at - timedelta(microseconds=1)
        assert before == "0.20"
        # What was registered before somebody approved keeps its terms.
        assert again.starts_at == at
        assert rate_for(partner, program, at - timedelta(microseconds=1)) == "0.20"
        assert rate_for(partner, program, at) == rate_for(partner, program, last) == "0.25"
        assert rate_for(partner, program, asked.ends_at) == "0.20"
        assert rate_for(other, program, at) == "0.20"
        terms = version_for(partner.id, program.id, at)
        assert terms is not None
        assert (terms.id, terms.hold_days) == (plan.id, 30)
        assert Event.objects.filter(name="plan.override_approved").count() == 1


def test_a_former_version_may_count_instead(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        program, partner = a_program(), a_partner()
        old = a_plan(program)
        new = a_plan(
            program,
            TWENTY_PERCENT.__class__("revenue", "percent", rate=Decimal("0.1"), scope="lifetime"),
            starts_at=at,
            at=at - timedelta(days=60),
        )
        an_override(
            partner,
            program,
            asked_by=world.manager,
            approved_by=world.finance,
            at=at,
            terms=OverrideTerms(version_id=old.id),
            days=10,
        )

        during = version_for(partner.id, program.id, at + timedelta(days=9))
        after = version_for(partner.id, program.id, at + timedelta(days=10))

        assert during is not None
        assert after is not None
        assert (during.id, after.id) == (old.id, new.id)


def test_what_would_be_wrong_is_refused_and_writes_nothing(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        program, partner = a_program(), a_partner()
        a_plan(program)
        first = an_override(
            partner, program, asked_by=world.manager, approved_by=world.admin, at=at, days=30
        )
        second = an_override(
            partner, program, asked_by=world.manager, at=at + timedelta(days=29), days=30
        )
        ask: dict[str, Any] = {
            "program_id": program.id,
            "partner_id": partner.id,
            "starts_at": at,
            "ends_at": at + timedelta(days=5),
            "reason": "Why",
            "actor": actor(world.manager),
            "at": at,
        }

        with pytest.raises(NothingToOverride):
            ask_override(terms=OverrideTerms(rate=Decimal("0.3"), event="won"), **ask)
        with pytest.raises(OverrideIsOver):
            ask_override(
                terms=OverrideTerms(rate=Decimal("0.3"), event="lifetime"),
                **{**ask, "ends_at": at},
            )
        with pytest.raises(OverridesOverlap):
            approve_override(override_id=second.id, note="", actor=actor(world.admin), at=at)

        assert list(PlanOverride.objects.order_by("asked_at").values_list("id", "state")) == [
            (first.id, "approved"),
            (second.id, "asked"),
        ]


def test_an_ended_exception_lets_registered_referrals_be(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        program, partner = a_program(), a_partner()
        a_plan(program)
        override = an_override(
            partner, program, asked_by=world.manager, approved_by=world.admin, at=at, days=30
        )
        stop = at + timedelta(days=5)

        end_override(override_id=override.id, actor=actor(world.admin), at=stop)

        assert rate_for(partner, program, stop - timedelta(seconds=1)) == "0.25"
        assert rate_for(partner, program, stop) == "0.20"
        ended = listed_overrides(state="ended", program_id=None, words="", now=stop)
        expired = listed_overrides(state="expired", program_id=None, words="", now=stop)
        assert [row.id for row in ended] == [override.id]
        assert not expired


def test_it_is_asked_for_and_approved_on_pages(world: World, client: Client) -> None:
    with tenant_scope(world.acme.id):
        program = a_program()
        a_plan(program)
        partner = a_partner(program=program)
    client.force_login(world.manager)
    url = f"/acme/manage/exceptions/new/?partner={partner.id}"
    today = datetime.now().astimezone().date()
    form = {
        "program": str(program.id),
        "kind": "rate",
        "event": "lifetime",
        "rate": "27.5",
        "starts_on": today.isoformat(),
        "ends_on": (today + timedelta(days=90)).isoformat(),
        "reason": "Opens a second country",
    }

    empty = client.post(url, {**form, "rate": "", "reason": ""})
    asked = client.post(url, form)
    own = client.get(asked["Location"]).text
    client.force_login(world.finance)
    seen = client.get(asked["Location"]).text
    done = client.post(f"{asked['Location']}decide/", {"act": "approve", "note": "Agreed"})
    register = client.get("/acme/manage/exceptions/?state=active").text

    assert empty.status_code == 422
    assert "Enter a percentage above 0" in empty.text
    assert asked.status_code == done.status_code == 303
    assert "Approve the exception" not in own
    assert "Approve the exception" in seen
    assert "27.5% of every payment of the customer" in register
    with tenant_scope(world.acme.id):
        row = PlanOverride.objects.get()
        assert (row.state, row.decided_by_id, row.rate) == (
            "approved",
            world.finance.id,
            Decimal("0.275"),
        )


def test_people_are_warned_before_it_ends_each_once(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        program = a_program()
        a_plan(program)
        partner = a_partner(program=program)
        boss = a_member(world.acme, Role.PARTNER_ADMIN, "boss@brio.example", partner_id=partner.id)
        people: dict[str, Any] = {"asked_by": world.manager, "approved_by": world.admin}
        an_override(partner, program, at=at, days=90, **people)
        an_override(partner, program, at=at + timedelta(days=100), days=20, **people)

        told = []
        # Ninety days: at 30 and 7 left. The short one was approved with less than thirty left.
        for day in (59, 60, 60, 61, 83, 84, 91, 101, 113, 113):
            warn_of_expiry(at=at + timedelta(days=day))
            rows = Notice.objects.filter(kind__in=("override.expires", "override.expiring"))
            told.append((rows.filter(user=boss).count(), rows.filter(user=world.manager).count()))

    assert told == [(0, 0), *[(1, 1)] * 3, *[(2, 2)] * 4, *[(3, 3)] * 2]
    with tenant_scope(world.acme.id):
        first = Notice.objects.filter(user=boss, kind="override.expires").earliest("id")
        assert first.path == f"terms/{program.id}/"


def test_exceptions_in_force_stand_beside_the_plan_of_all_others(
    world: World, client: Client, at: datetime
) -> None:
    now = datetime.now().astimezone()
    with tenant_scope(world.acme.id):
        program = a_program()
        a_plan(program)
        names = ("Brio", "Solea", "Ferrante")
        first, *_others = (a_partner(name, program=program) for name in names)
        people: dict[str, Any] = {"asked_by": world.manager, "approved_by": world.admin}
        an_override(first, program, at=now - timedelta(days=5), days=30, **people)
        an_override(_others[0], program, at=now, asked_by=world.manager)
    client.force_login(world.finance)

    page = client.get("/acme/manage/exceptions/compared/").content.decode()

    shown = [words in page for words in ("Brio", "Solea", "2 other partners", "25%", "20%")]
    assert shown == [True, False, True, True, True]
    assert "Why: Brings a second country" in page
