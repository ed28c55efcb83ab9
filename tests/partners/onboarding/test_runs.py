"""Partners start the track that fits, do its steps in order, and what was earned is earned once."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from partners.directory.services import end_enrollment, enroll
from partners.onboarding.building import (
    StepNotPossible,
    TrackIncomplete,
    add_step,
    archive_track,
    create_track,
    edit_step,
    publish_track,
    remove_step,
    shift_step,
)
from partners.onboarding.duplicates import merge_onboarding
from partners.onboarding.models import Entitlement, Fact, RewardKind, Run, Step, StepDone, StepState
from partners.onboarding.rewards import WordsRequired, fulfil, grant
from partners.onboarding.services import (
    NudgedLately,
    StepClosed,
    approve_step,
    confirm_read,
    hand_in,
    note_call,
    nudge,
    return_step,
    skip_step,
    start_onboarding,
    take_fact,
)
from partners.onboarding.tasks import mend_tenant
from partners.programs.models import Program
from prm.accounts.capabilities import Role
from prm.events.models import Event
from prm.events.services import SYSTEM, Actor
from prm.notices.models import Mail, Notice
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from tests.builders.onboarding import (
    a_file,
    a_run,
    a_track,
    approval_step,
    fact_step,
    read_step,
    steps_in,
    upload_step,
)
from tests.builders.partners import a_partner, a_program
from tests.builders.people import a_member
from tests.conftest import World

DAY = timedelta(days=1)


def states(run: Run) -> list[str]:
    return [done.state for done in steps_in(run)]


def told(name: str) -> int:
    return Event.objects.filter(name=name).count()


def started(at: datetime, *steps: Any, **track: Any) -> Run:
    program, partner = a_program(), a_partner()
    a_track(program, *steps, **track)
    return a_run(partner.id, program, at=at)


# ---------------------------------------------------------------- which track


def test_the_track_for_the_type_goes_before_the_one_for_all(acme: Tenant, at: datetime) -> None:
    program = a_program()
    everybody = a_track(program, name="All")
    agencies = a_track(program, partner_type="agency", name="Agencies")

    agency = a_run(a_partner("A", type="agency").id, program, at=at)
    other = a_run(a_partner("B").id, program, at=at)

    assert (agency.track_id, other.track_id) == (agencies.id, everybody.id)


def test_drafts_archived_and_later_published_tracks_start_nobody(
    acme: Tenant, at: datetime
) -> None:
    program, partner = a_program(), a_partner()
    a_track(program, published_at=None)
    archive_track(track_id=a_track(program).id, actor=SYSTEM, at=at)
    a_track(program, published_at=at + DAY)

    assert (
        start_onboarding(partner_id=partner.id, program_id=program.id, actor=SYSTEM, at=at) is None
    )
    assert not Run.objects.exists()
    assert told("onboarding.started") == 0


def test_a_repeat_returns_the_first_run(acme: Tenant, at: datetime) -> None:
    run = started(at)

    again = a_run(run.partner_id, run.program, at=at + DAY)

    assert again == run
    assert told("onboarding.started") == 1


def test_enrolling_starts_and_leaving_and_returning_takes_the_run_up_again(
    world: World, at: datetime, deliver: Callable[[], int]
) -> None:
    with tenant_scope(world.acme.id):
        program, partner = a_program(), a_partner()
        a_track(program)
        ids: dict[str, Any] = {"partner_id": partner.id, "program_id": program.id}
        enroll(**ids, actor=SYSTEM, at=at)
    deliver()
    with tenant_scope(world.acme.id):
        run = Run.objects.get()
        end_enrollment(**ids, actor=SYSTEM, at=at + DAY)
    deliver()
    with tenant_scope(world.acme.id):
        assert Run.objects.get().left_at == at + DAY
        enroll(**ids, actor=SYSTEM, at=at + 2 * DAY)
    deliver()

    with tenant_scope(world.acme.id):
        again = Run.objects.get()
        assert (again.id, again.left_at, again.started_at) == (run.id, None, at)


# ---------------------------------------------------------------- steps in order


def test_reading_is_confirmed_once_and_finishes_the_run(acme: Tenant, at: datetime) -> None:
    run = started(at, read_step())
    done = steps_in(run)[0]

    confirm_read(done_id=done.id, actor=SYSTEM, at=at + DAY)
    confirm_read(done_id=done.id, actor=SYSTEM, at=at + 2 * DAY)

    done.refresh_from_db()
    run.refresh_from_db()
    assert (done.state, done.done_at, run.finished_at) == (StepState.DONE, at + DAY, at + DAY)
    assert (told("onboarding.step_done"), told("onboarding.finished")) == (1, 1)


def test_what_needs_an_approval_closes_the_next_step(acme: Tenant, at: datetime) -> None:
    run = started(at, upload_step(), read_step())
    proof, reading = steps_in(run)

    with pytest.raises(StepClosed):
        confirm_read(done_id=reading.id, actor=SYSTEM, at=at)
    hand_in(done_id=proof.id, file_id=a_file(run.partner_id).id, note=" Mine ", actor=SYSTEM, at=at)
    with pytest.raises(StepClosed):
        confirm_read(done_id=reading.id, actor=SYSTEM, at=at)
    assert states(run) == [StepState.WAITING, StepState.OPEN]

    approve_step(done_id=proof.id, actor=SYSTEM, at=at + DAY)
    confirm_read(done_id=reading.id, actor=SYSTEM, at=at + DAY)

    assert states(run) == [StepState.DONE, StepState.DONE]
    assert steps_in(run)[0].note == "Mine"


def test_the_vendors_delay_costs_nobody_the_deadline(acme: Tenant, at: datetime) -> None:
    run = started(at, upload_step(), finish_days=14)
    done = steps_in(run)[0]
    hand_in(
        done_id=done.id,
        file_id=a_file(run.partner_id).id,
        note="",
        actor=SYSTEM,
        at=at + 14 * DAY,
    )

    approve_step(done_id=done.id, actor=SYSTEM, at=at + 20 * DAY)

    run.refresh_from_db()
    assert run.finished_at == at + 20 * DAY
    assert Entitlement.objects.get().kind == RewardKind.FIRST_LEAD


def test_a_file_that_nobody_looks_at_is_done_at_once(acme: Tenant, at: datetime) -> None:
    run = started(at, upload_step(needs_approval=False), read_step())

    hand_in(
        done_id=steps_in(run)[0].id,
        file_id=a_file(run.partner_id).id,
        note="",
        actor=SYSTEM,
        at=at,
    )

    assert states(run) == [StepState.DONE, StepState.OPEN]


def test_rework_comes_with_words_and_a_mail(
    world: World, at: datetime, deliver: Callable[[], int]
) -> None:
    with tenant_scope(world.acme.id):
        run = started(at, upload_step("Your certificate"))
        a_member(
            world.acme,
            Role.PARTNER_ADMIN,
            "ann@partner.example",
            partner_id=run.partner_id,
            partner_name="P",
        )
        done = steps_in(run)[0]
        with pytest.raises(StepClosed):
            return_step(done_id=done.id, reply="No", actor=SYSTEM, at=at)
        hand_in(done_id=done.id, file_id=a_file(run.partner_id).id, note="", actor=SYSTEM, at=at)
        with pytest.raises(WordsRequired):
            return_step(done_id=done.id, reply="  ", actor=SYSTEM, at=at)
        return_step(done_id=done.id, reply="The stamp is missing.", actor=SYSTEM, at=at + DAY)
        assert states(run) == [StepState.REWORK]
    deliver()

    with tenant_scope(world.acme.id):
        mail = Mail.objects.get(kind="onboarding.returned")
        assert (mail.to, mail.subject) == (
            "ann@partner.example",
            "Please do “Your certificate” again",
        )
        assert "The stamp is missing." in mail.text
        assert f"/acme/onboarding/steps/{done.id}/" in mail.text
        # Staff heard that something waits.
        assert set(
            Notice.objects.filter(kind="onboarding.waiting").values_list("user_id", flat=True)
        ) == {world.manager.id}
        hand_in(
            done_id=done.id,
            file_id=a_file(run.partner_id).id,
            note="",
            actor=SYSTEM,
            at=at + 2 * DAY,
        )
        assert states(run) == [StepState.WAITING]


def test_only_what_may_be_skipped_is_skipped_by_the_partner_and_earns_nothing(
    acme: Tenant, at: datetime
) -> None:
    run = started(
        at,
        read_step("Must"),
        read_step("May", may_skip=True, reward_kind=RewardKind.DISCOUNT),
        upload_step("Papers"),
    )
    must, may, papers = steps_in(run)

    with pytest.raises(StepClosed):
        skip_step(done_id=must.id, actor=SYSTEM, at=at)
    skip_step(done_id=may.id, actor=SYSTEM, at=at)
    skip_step(done_id=papers.id, actor=SYSTEM, at=at, for_partner=True)

    assert states(run) == [StepState.OPEN, StepState.SKIPPED, StepState.SKIPPED]
    assert not Entitlement.objects.exists()


def test_a_step_that_the_vendor_confirms_can_be_asked_for_or_simply_approved(
    acme: Tenant, at: datetime
) -> None:
    run = started(at, approval_step("Call"), approval_step("Visit"), read_step())
    call, visit, reading = steps_in(run)

    hand_in(done_id=call.id, file_id=None, note="Tuesday?", actor=SYSTEM, at=at)
    approve_step(done_id=call.id, actor=SYSTEM, at=at)
    approve_step(done_id=visit.id, actor=SYSTEM, at=at)
    with pytest.raises(StepClosed):
        approve_step(done_id=reading.id, actor=SYSTEM, at=at)

    assert states(run) == [StepState.DONE, StepState.DONE, StepState.OPEN]


# ---------------------------------------------------------------- facts


def test_facts_settle_steps_also_closed_ones_and_only_in_their_program(
    acme: Tenant, at: datetime
) -> None:
    run = started(at, approval_step(), fact_step(Fact.REFERRAL), fact_step(Fact.PROFILE))
    other = a_program("Other")
    a_track(other, fact_step(Fact.REFERRAL))
    elsewhere = a_run(run.partner_id, other, at=at)

    ids: dict[str, UUID] = {"partner_id": run.partner_id, "program_id": run.program_id}
    assert take_fact(**ids, fact=Fact.REFERRAL, at=at) == 1
    assert take_fact(**ids, fact=Fact.REFERRAL, at=at) == 0

    assert states(run) == [StepState.OPEN, StepState.DONE, StepState.OPEN]
    assert states(elsewhere) == [StepState.OPEN]


def test_what_is_true_already_is_done_at_the_start(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        partner = a_partner()
        for email in ("a@p.example", "b@p.example"):
            a_member(
                world.acme,
                Role.PARTNER_REP,
                email,
                partner_id=partner.id,
                partner_name=partner.name,
            )
        program = a_program()
        a_track(program, fact_step(Fact.TEAM), fact_step(Fact.WON))

        run = a_run(partner.id, program, at=at)

        assert states(run) == [StepState.DONE, StepState.OPEN]


def test_a_lost_event_is_made_good(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        run = started(at, fact_step(Fact.TEAM))
    assert mend_tenant(world.acme.id) == 0
    with tenant_scope(world.acme.id):
        for email in ("a@p.example", "b@p.example"):
            a_member(
                world.acme,
                Role.PARTNER_REP,
                email,
                partner_id=run.partner_id,
                partner_name="P",
            )

    assert mend_tenant(world.acme.id) == 1

    with tenant_scope(world.acme.id):
        run.refresh_from_db()
        assert run.finished_at is not None
    assert mend_tenant(world.acme.id) == 0


# ---------------------------------------------------------------- a track that changes


def test_a_new_step_joins_who_is_on_the_way_but_not_who_is_through(
    acme: Tenant, at: datetime
) -> None:
    program = a_program()
    track = a_track(program, read_step())
    through, under_way = (
        a_run(a_partner(name).id, program, at=at) for name in ("Through", "On the way")
    )
    confirm_read(done_id=steps_in(through)[0].id, actor=SYSTEM, at=at)

    add_step(
        track_id=track.id,
        draft=read_step("News", due_days=3),
        actor=SYSTEM,
        at=at + 30 * DAY,
    )

    assert len(steps_in(through)) == 1
    joined = steps_in(under_way)[1]
    # From the day it joined, 23:00 UTC being midnight in Amsterdam.
    assert joined.due_at == datetime.fromisoformat("2026-12-21T23:00:00+00:00")


def test_a_removed_step_disappears_finishes_who_waited_for_it_and_keeps_history(
    world: World, at: datetime, deliver: Callable[[], int]
) -> None:
    with tenant_scope(world.acme.id):
        run = started(at, read_step(), read_step("Gone"))
        first, second = steps_in(run)
        confirm_read(done_id=first.id, actor=SYSTEM, at=at)
        remove_step(step_id=second.step_id, actor=SYSTEM, at=at + DAY)
        remove_step(step_id=second.step_id, actor=SYSTEM, at=at + 2 * DAY)
        assert told("track.step_removed") == 1
    deliver()

    with tenant_scope(world.acme.id):
        run.refresh_from_db()
        assert run.finished_at == at + DAY
        assert StepDone.objects.filter(run=run).count() == 2
        with pytest.raises(StepClosed):
            confirm_read(done_id=second.id, actor=SYSTEM, at=at + DAY)


def test_steps_are_moved_and_changed_but_not_into_another_kind(acme: Tenant, at: datetime) -> None:
    track = a_track(a_program(), read_step("One"), read_step("Two"))
    one, two = Step.objects.filter(track=track).order_by("position")

    shift_step(step_id=two.id, up=True, actor=SYSTEM, at=at)
    shift_step(step_id=two.id, up=True, actor=SYSTEM, at=at)
    edit_step(step_id=one.id, draft=read_step("Uno", due_days=2), actor=SYSTEM, at=at)
    with pytest.raises(StepNotPossible):
        edit_step(step_id=one.id, draft=upload_step(), actor=SYSTEM, at=at)

    order = [
        (step.title["en"], step.due_days)
        for step in Step.objects.filter(track=track).order_by("position")
    ]
    assert order == [("Two", None), ("Uno", 2)]


@pytest.mark.parametrize(
    "draft",
    [
        pytest.param(read_step(""), id="nothing to read"),
        pytest.param(fact_step(Fact.WON, title={}).__class__(kind="fact"), id="a fact without one"),
        pytest.param(read_step(reward_kind=RewardKind.CREDIT), id="a credit of nothing"),
    ],
)
def test_refuses_steps_that_cannot_be(acme: Tenant, at: datetime, draft: Any) -> None:
    track = a_track(a_program())

    with pytest.raises(StepNotPossible):
        add_step(track_id=track.id, draft=draft, actor=SYSTEM, at=at)

    assert Step.objects.filter(track=track).count() == 1


def test_a_track_without_steps_is_not_published(acme: Tenant, at: datetime) -> None:
    track = create_track(
        program_id=a_program().id,
        name={"en": "Empty"},
        partner_type="",
        finish_days=None,
        actor=SYSTEM,
        at=at,
    )

    with pytest.raises(TrackIncomplete):
        publish_track(track_id=track.id, actor=SYSTEM, at=at)

    track.refresh_from_db()
    assert track.published_at is None
    assert told("track.published") == 0


# ---------------------------------------------------------------- what is earned


def test_a_milestone_is_earned_once_and_told(
    world: World, at: datetime, deliver: Callable[[], int]
) -> None:
    with tenant_scope(world.acme.id):
        run = started(
            at,
            read_step(
                reward_kind=RewardKind.GIFT_CARD,
                reward_minor=5000,
                reward_currency="EUR",
                reward_text={"en": "for your team"},
            ),
            read_step("Other"),
        )
        a_member(
            world.acme,
            Role.PARTNER_REP,
            "rep@partner.example",
            partner_id=run.partner_id,
            partner_name="P",
        )
        done = steps_in(run)[0]
        confirm_read(done_id=done.id, actor=SYSTEM, at=at)
        again = grant(
            partner_id=run.partner_id,
            program_id=run.program_id,
            key=f"step:{done.step_id}",
            kind=RewardKind.CREDIT,
            actor=SYSTEM,
            at=at + DAY,
        )
        row = Entitlement.objects.get()
        assert again == row
        assert (row.kind, row.amount_minor, row.currency, row.earned_at) == (
            "gift_card",
            5000,
            "EUR",
            at,
        )
        assert told("entitlement.earned") == 1
    deliver()

    with tenant_scope(world.acme.id):
        mail = Mail.objects.get(kind="entitlement.earned")
        assert mail.subject == "You earned: Gift card, €50.00: for your team"


def test_a_reward_is_given_once_with_words(acme: Tenant, at: datetime) -> None:
    program: Program = a_program()
    row = grant(
        partner_id=a_partner().id,
        program_id=program.id,
        key="k",
        kind=RewardKind.DISCOUNT,
        actor=SYSTEM,
        at=at,
    )

    with pytest.raises(WordsRequired):
        fulfil(entitlement_id=row.id, text=" ", actor=SYSTEM, at=at)
    fulfil(entitlement_id=row.id, text="Order 17", actor=SYSTEM, at=at)
    fulfil(entitlement_id=row.id, text="Order 18", actor=SYSTEM, at=at + DAY)

    row.refresh_from_db()
    assert (row.fulfilled_at, row.fulfilment) == (at, "Order 17")
    assert told("entitlement.fulfilled") == 1


# ---------------------------------------------------------------- nudges and calls


def test_nudges_once_in_seven_days(world: World, at: datetime, deliver: Callable[[], int]) -> None:
    mara = Actor(user_id=world.manager.id, name="Mara")
    with tenant_scope(world.acme.id):
        run = started(at, read_step("Handbook", due_days=10))
        a_member(
            world.acme,
            Role.PARTNER_ADMIN,
            "ann@partner.example",
            partner_id=run.partner_id,
            partner_name="P",
        )
        nudge(run_id=run.id, actor=mara, at=at)
        with pytest.raises(NudgedLately):
            nudge(run_id=run.id, actor=mara, at=at + 7 * DAY - timedelta(seconds=1))
    deliver()

    with tenant_scope(world.acme.id):
        mail = Mail.objects.get(kind="onboarding.nudge")
        assert mail.subject == "Your next step: Handbook"
        assert "due on 28 November 2026" in mail.text.replace("\N{NO-BREAK SPACE}", " ")
        nudge(run_id=run.id, actor=mara, at=at + 7 * DAY)
        assert told("onboarding.nudged") == 2


def test_a_finished_partner_is_not_nudged(acme: Tenant, at: datetime) -> None:
    run = started(at, read_step())
    confirm_read(done_id=steps_in(run)[0].id, actor=SYSTEM, at=at)

    with pytest.raises(StepClosed):
        nudge(run_id=run.id, actor=SYSTEM, at=at)

    assert told("onboarding.nudged") == 0


def test_a_call_is_noted_with_words(acme: Tenant, at: datetime) -> None:
    run = started(at)

    with pytest.raises(WordsRequired):
        note_call(run_id=run.id, text="", actor=SYSTEM, at=at)
    note_call(run_id=run.id, text="Back from leave on Monday", actor=SYSTEM, at=at)

    run.refresh_from_db()
    assert run.called_at == at
    assert Event.objects.get(name="onboarding.call_noted").changes == {
        "note": ["", "Back from leave on Monday"]
    }


# ---------------------------------------------------------------- two partners are one


def test_a_merge_gives_what_both_earned_once(acme: Tenant, at: datetime) -> None:
    program = a_program()
    a_track(program, read_step())
    other = a_program("Other")
    a_track(other, read_step())
    gone, stays = a_partner("Gone"), a_partner("Stays")
    both = [a_run(partner.id, program, at=at) for partner in (gone, stays)]
    alone = a_run(gone.id, other, at=at)
    for partner, key in ((gone, "step:1"), (gone, "step:2"), (stays, "step:1")):
        grant(
            partner_id=partner.id,
            program_id=program.id,
            key=key,
            kind=RewardKind.DISCOUNT,
            actor=SYSTEM,
            at=at,
        )

    for _ in range(2):
        merge_onboarding(from_id=gone.id, into_id=stays.id, at=at + DAY)

    rows = Entitlement.objects.filter(partner=stays).order_by("key")
    assert [(row.key.split("@")[0], row.fulfilled_at is None) for row in rows] == [
        ("step:1", True),
        ("step:1", False),
        ("step:2", True),
    ]
    assert not Entitlement.objects.filter(partner=gone).exists()
    assert set(Run.objects.filter(partner=stays, left_at=None)) == {both[1], alone}
    assert steps_in(alone)[0].partner_id == stays.id
    # What was earned once is not earned again under either name.
    again = grant(
        partner_id=stays.id,
        program_id=program.id,
        key="step:2",
        kind=RewardKind.DISCOUNT,
        actor=SYSTEM,
        at=at + DAY,
    )
    assert again in rows
