"""Two different deeds about one thing at the same moment: one comes first, the other finds what it did."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections
from django.test import Client

from prm.accounts.members import member_of, memberships_of
from prm.events.models import Event
from prm.events.services import SYSTEM, Actor
from prm.notices.models import Notice
from prm.tenancy.links import tenant_path
from prm.tenancy.scope import tenant_scope
from referrals.attribution.cases import appeal_case, escalate_overdue
from referrals.attribution.models import Case, CaseParty
from referrals.attribution.verdicts import Verdict, decide_case
from referrals.capture.drafts import save_draft
from referrals.capture.models import Draft
from referrals.claims.duplicates import decide_pair
from referrals.claims.models import Claim, ClaimKey
from referrals.claims.models import Verdict as PairVerdict
from referrals.claims.services import expire_claims
from referrals.pipeline.models import Referral
from referrals.pipeline.services import change_stage
from referrals.sharing.leads import LeadFacts, take_lead
from referrals.sharing.models import Lead
from referrals.sharing.services import retire_link
from tests.builders.api import Caller, a_key, a_submission
from tests.builders.attribution import a_case
from tests.builders.claims import a_pair
from tests.builders.referrals import a_partner, a_program, a_referral, people_of, stage_of
from tests.builders.sharing import a_link
from tests.conftest import NOON, World, make_world

pytestmark = pytest.mark.race


@dataclass(frozen=True)
class Scene:
    """A vendor and a partner with its people."""

    world: World
    people: Any
    manager: Actor


@pytest.fixture
def scene(real_database: str) -> Scene:
    world = make_world()
    with tenant_scope(world.acme.id):
        people = people_of(world.acme)
        a_program()
    return Scene(world, people, Actor(world.manager.id))


def together(deeds: Sequence[Callable[[], Any]]) -> list[Any]:
    """Do all of it on connections of their own at one moment; return what came of each, errors by their names."""
    start = threading.Barrier(len(deeds))

    def one(deed: Callable[[], Any]) -> Any:
        try:
            start.wait()
            return deed()
        except Exception as error:  # noqa: BLE001  whatever comes must be seen by the test
            return type(error).__name__
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(one, deeds))


def inside(scene: Scene, deed: Callable[[], Any]) -> Callable[[], Any]:
    """Return the deed in a scope of the whole tenant."""

    def run() -> Any:
        with tenant_scope(scene.world.acme.id):
            return deed()

    return run


def test_two_events_with_one_new_lead_id_are_one_lead(scene: Scene) -> None:
    with tenant_scope(scene.world.acme.id):
        _, secret = a_key(scene.world.admin, NOON)

    def event(number: int) -> Callable[[], Any]:
        body = {
            "type": "lead",
            "id": f"evt-{number}",
            "occurred_at": "2025-11-18T09:00:00Z",
            "lead_id": "L-1",
            "referral": a_submission(partner=str(scene.people.partner.id)),
        }
        return lambda: Caller(scene.world.acme, secret).post("/events", body).status_code

    answers = together([event(number) for number in range(4)])

    assert Counter(answers) == {201: 1, 422: 3}
    with tenant_scope(scene.world.acme.id):
        assert Referral.objects.get().external_id == "L-1"


def test_a_claim_that_has_run_out_ends_once_and_makes_room(scene: Scene) -> None:
    late = NOON + timedelta(days=200)
    with tenant_scope(scene.world.acme.id):
        first = a_referral(
            NOON, partner=scene.people.partner, website="kestrel.example", stage="accepted"
        )
        second = a_referral(NOON, partner=a_partner("Solea"), website="kestrel.example")
    program = first.program_id

    def move(referral: Referral, kind: str) -> Callable[[], Any]:
        return inside(
            scene,
            lambda: (
                change_stage(
                    referral_id=referral.id,
                    to_stage_id=stage_of(program, kind).id,
                    reason="Gone",
                    actor=SYSTEM,
                    at=late,
                ).to_kind
            ),
        )

    found = together(
        [
            move(second, "accepted"),
            inside(scene, lambda: expire_claims(at=late)),
            move(first, "lost"),
        ]
    )

    assert [found[0], found[2]] == ["accepted", "lost"]
    assert found[1] in {0, 1}
    with tenant_scope(scene.world.acme.id):
        assert Claim.objects.open().get().referral_id == second.id
        assert ClaimKey.objects.filter(ended_at=None).count() == 1
        ends = Event.objects.filter(name__in=["claim.expired", "claim.released"])
        assert [row.payload["referral_id"] for row in ends] == [str(first.id)]


def test_a_draft_sent_from_two_tabs_is_one_referral(scene: Scene) -> None:
    rep = scene.people.rep
    with tenant_scope(scene.world.acme.id):
        draft = save_draft(
            draft_id=None,
            values={
                "company": "Kestrel",
                "contact_name": "Tom Ashdown",
                "contact_email": "tom@kestrel.example",
            },
            program_id=a_program().id,
            member=member_of(memberships_of(rep)[0], rep),
            at=NOON,
        )
    url = f"{tenant_path(scene.world.acme, 'referrals:referral-new')}?draft={draft.id}"
    tabs = [Client(), Client()]
    sent = []
    for tab in tabs:
        tab.force_login(rep)
        form = tab.get(url).context["form"]
        sent.append(
            {name: form[name].value() or "" for name in form.fields}
            | {"consent": "on", "draft": draft.id}
        )

    found = together(
        [
            lambda tab=tab, data=data: tab.post(url, data).status_code  # type: ignore[misc]
            for tab, data in zip(tabs, sent, strict=True)
        ]
    )

    with tenant_scope(scene.world.acme.id):
        assert Referral.objects.count() == 1
        assert not Draft.objects.exists()
    assert found == [303, 303]


def wait_until_somebody_waits() -> None:
    """Return once another connection of this database waits for a lock."""
    sql = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    for _ in range(2_000):
        with connection.cursor() as cursor:
            # Inside a transaction what others do is read once, and then remembered.
            cursor.execute("select pg_stat_clear_snapshot()")
            cursor.execute(sql)
            if cursor.fetchone()[0]:
                return
        time.sleep(0.01)
    raise AssertionError("nobody waits")


def test_an_appeal_of_the_last_second_counts_though_the_clock_comes_before_its_commit(
    scene: Scene,
) -> None:
    with tenant_scope(scene.world.acme.id):
        case = a_case(a_referral(NOON, partner=scene.people.partner, by=scene.people.rep), NOON)
        verdict = Verdict("stays", "evidence", {scene.people.partner.id: "So"})
        decide_case(case_id=case.case_id, verdict=verdict, actor=scene.manager, at=NOON)
        last = CaseParty.objects.get().appeal_until
    assert last is not None
    appealed = threading.Event()

    def clock() -> str:
        appealed.wait(30)
        with tenant_scope(scene.world.acme.id):
            escalate_overdue(at=last + timedelta(seconds=1))
        return "done"

    def appeal() -> str:
        with tenant_scope(scene.world.acme.id, scene.people.partner.id):
            appeal_case(
                case_id=case.case_id,
                partner_id=scene.people.partner.id,
                text="No",
                actor=SYSTEM,
                at=last,
            )
            appealed.set()
            wait_until_somebody_waits()
        return "done"

    assert together([clock, appeal]) == ["done", "done"]
    with tenant_scope(scene.world.acme.id):
        assert (Case.objects.get().state, CaseParty.objects.get().state) == ("decided", "appealed")


def test_a_lead_is_the_partners_or_the_vendors_while_its_link_ends(scene: Scene) -> None:
    with tenant_scope(scene.world.acme.id):
        link = a_link(NOON, partner=scene.people.partner)

    def lead(number: int) -> Callable[[], Any]:
        facts = LeadFacts(
            a_program_id, f"Firm {number}", "Nora", f"n@firm-{number}.example", link_id=link.id
        )
        return inside(scene, lambda: bool(take_lead(facts=facts, at=NOON, key=None)))

    a_program_id = link.program_id
    end = inside(scene, lambda: retire_link(link_id=link.id, actor=SYSTEM, at=NOON).slug)

    found = together([*(lead(number) for number in range(6)), end])

    assert found[-1] == link.slug
    assert set(found[:-1]) <= {True, False}
    with tenant_scope(scene.world.acme.id):
        assert Lead.objects.filter(link_id=link.id).count() == found.count(True)
        direct = Notice.objects.filter(kind="sharing.direct_lead", user=scene.world.manager)
        assert direct.count() == found.count(False)


def test_two_managers_who_keep_different_referrals_end_one(scene: Scene) -> None:
    with tenant_scope(scene.world.acme.id):
        pair = a_pair(NOON)

    def keep(kept: Any, user: Any) -> Callable[[], Any]:
        return inside(
            scene,
            lambda: (
                decide_pair(
                    pair_id=pair.id,
                    verdict=PairVerdict.SAME,
                    kept_id=kept,
                    reason="Same",
                    told="Known",
                    actor=Actor(user.id),
                    at=NOON,
                ).kept_id
            ),
        )

    found = together(
        [keep(pair.referral_id, scene.world.manager), keep(pair.other_id, scene.world.admin)]
    )

    assert found[0] == found[1]
    with tenant_scope(scene.world.acme.id):
        kinds = dict(Referral.objects.values_list("id", "stage_kind"))
        assert kinds.pop(found[0]) == "submitted"
        assert list(kinds.values()) == ["rejected"]
        assert Event.objects.filter(name="referral.duplicate_decided").count() == 1
