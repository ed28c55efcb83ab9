"""What two people, or one with two clicks, do at the same moment has one effect."""

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from prm.events.models import Event
from prm.events.services import Actor
from prm.jobs.models import Job
from prm.tenancy.scope import tenant_scope
from referrals.attribution.cases import CaseNotInState
from referrals.attribution.holding import NotHeld, decide_hold, hold
from referrals.attribution.models import CaseParty
from referrals.attribution.verdicts import Verdict, decide_case
from referrals.capture.asking import QuestionClosed, answer_question, ask_question
from referrals.capture.bulk import send_bulk_file
from referrals.capture.models import BulkSubmission
from referrals.claims.extending import decide_extension
from referrals.pipeline.answer_models import ApprovalRoute
from referrals.pipeline.approvals import approve
from referrals.pipeline.models import Referral
from referrals.sharing.leads import LeadFacts, take_lead
from referrals.sharing.models import Coupon
from tests.builders.attribution import a_case
from tests.builders.claims import an_extension
from tests.builders.referrals import a_program, a_referral, people_of
from tests.builders.sharing import a_coupon
from tests.conftest import NOON, World, make_world

AT_ONCE = 8


@dataclass(frozen=True)
class Scene:
    """A vendor, a partner with a referral that waits, and who decides."""

    world: World
    people: Any
    referral: Referral
    staff: Actor


@pytest.fixture
def scene(real_database: str) -> Scene:
    world = make_world()
    with tenant_scope(world.acme.id):
        people = people_of(world.acme)
        a_program()
        ApprovalRoute.objects.create(
            program=a_program(), position=1, name="All", approvers=[world.manager.id]
        )
        referral = a_referral(NOON, partner=people.partner, by=people.rep)
    return Scene(world, people, referral, Actor(world.manager.id))


def at_once(scene: Scene, act: Callable[[int], object]) -> Counter[str]:
    """Do one thing on eight connections at one moment; return the results by name."""
    start, found = threading.Barrier(AT_ONCE), []

    def one(number: int) -> None:
        try:
            start.wait()
            with tenant_scope(scene.world.acme.id):
                act(number)
            found.append("done")
        except Exception as error:  # noqa: BLE001  whatever comes must be seen by the test
            found.append(type(error).__name__)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=one, args=[number]) for number in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Counter(found)


def events(scene: Scene, name: str) -> int:
    with tenant_scope(scene.world.acme.id):
        return Event.objects.filter(name=name).count()


@pytest.mark.race
def test_decisions_are_made_once(scene: Scene) -> None:
    referral, staff = scene.referral, scene.staff
    with tenant_scope(scene.world.acme.id):
        question = ask_question(referral_id=referral.id, text="How many?", actor=staff, at=NOON)
        hold(referral_id=referral.id, note="Look", actor=staff, at=NOON)
        case = a_case(referral, NOON).case_id
        words = {row.partner_id: "Looked at" for row in CaseParty.objects.all()}

    answered = at_once(
        scene,
        lambda _n: answer_question(question_id=question.id, text="Ten", actor=staff, at=NOON),
    )
    approved = at_once(scene, lambda _n: approve(referral_id=referral.id, actor=staff, at=NOON))
    verdict = Verdict("stays", "first_registration", words)
    decided = at_once(
        scene, lambda _n: decide_case(case_id=case, verdict=verdict, actor=staff, at=NOON)
    )
    lifted = at_once(
        scene,
        lambda _n: decide_hold(
            referral_id=referral.id, outcome="lifted", reason="Fine", actor=staff, at=NOON
        ),
    )

    assert answered == {"done": 1, QuestionClosed.__name__: AT_ONCE - 1}
    assert approved == {"done": AT_ONCE}
    assert decided == {"done": 1, CaseNotInState.__name__: AT_ONCE - 1}
    assert lifted == {"done": 1, NotHeld.__name__: AT_ONCE - 1}
    names = (
        "referral.question_answered",
        "referral.approved_by",
        "case.decided",
        "referral.hold_lifted",
    )
    assert [events(scene, name) for name in names] == [1, 1, 1, 1]


@pytest.mark.race
def test_more_time_is_given_once(scene: Scene) -> None:
    with tenant_scope(scene.world.acme.id):
        ApprovalRoute.objects.update(retired_at=NOON)
        held = a_referral(NOON, partner=scene.people.partner, stage="accepted")
        asked = an_extension(held, NOON)
        until = asked.claim.protected_until

    given = at_once(
        scene,
        lambda _n: decide_extension(
            extension_id=asked.id, granted=True, answer="", actor=scene.staff, at=NOON
        ),
    )

    assert given == {"done": AT_ONCE}
    assert events(scene, "claim.extended") == 1
    with tenant_scope(scene.world.acme.id):
        held.refresh_from_db()
        asked.refresh_from_db()
        assert held.protected_until == asked.until != until


@pytest.mark.race
def test_a_code_is_used_no_more_often_than_it_may_be(scene: Scene) -> None:
    with tenant_scope(scene.world.acme.id):
        a_coupon(NOON, partner=scene.people.partner, uses_max=3)
        program = a_program().id

    def lead(number: int) -> None:
        facts = LeadFacts(
            program, f"Firm {number}", "Nora", f"n@firm-{number}.example", coupon="BRIGHT-10"
        )
        take_lead(facts=facts, at=NOON, key=None)

    assert at_once(scene, lead) == {"done": AT_ONCE}
    with tenant_scope(scene.world.acme.id):
        assert Coupon.objects.get().use_count == 3
        assert Referral.objects.filter(source="coupon").count() == 3


@pytest.mark.race
def test_a_bulk_file_is_sent_once(scene: Scene) -> None:
    world, people = scene.world, scene.people
    with tenant_scope(world.acme.id):
        bulk = BulkSubmission.objects.create(
            partner=people.partner,
            program=a_program(),
            file_name="leads.csv",
            stored="leads.rows.csv",
            row_count=1,
            created_by=people.rep,
            created_at=NOON,
        ).id
    now = timezone.now()

    sent = at_once(
        scene, lambda _n: send_bulk_file(submission_id=bulk, actor=Actor(people.rep.id), at=now)
    )

    assert sent == {"done": AT_ONCE}
    with tenant_scope(world.acme.id):
        assert list(Job.objects.values_list("id", flat=True)) == [
            BulkSubmission.objects.get().job_id
        ]
