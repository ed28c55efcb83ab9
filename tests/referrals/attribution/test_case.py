"""A case: each party its own view, a clock, a decision with words for each, one appeal to another person."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.datastructures import MultiValueDict

from prm.accounts.capabilities import Role
from prm.events.models import Event
from prm.events.services import SYSTEM, Actor
from prm.notices.models import Notice
from prm.tenancy.links import tenant_path
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from referrals.attribution.cases import (
    AppealTooLate,
    CaseNotInState,
    MustBeAnother,
    add_entry,
    appeal_case,
    escalate_overdue,
    pass_on,
    take_appeal,
)
from referrals.attribution.forms import EntryForm
from referrals.attribution.models import (
    Case,
    CaseEntry,
    CaseParty,
    CaseState,
    Credit,
    Decision,
    Explanation,
)
from referrals.attribution.services import attribute
from referrals.attribution.verdicts import Verdict, WordsMissing, decide_case
from referrals.pipeline.models import Referral
from tests.builders.attribution import a_case
from tests.builders.people import a_member
from tests.builders.referrals import a_partner, a_referral, people_of
from tests.conftest import World, make_world


def two_claims(tenant: Tenant, at: datetime) -> tuple[Any, Any, CaseParty]:
    """Return two partners with a claim to one company, and the case that the second has opened."""
    first, second = people_of(tenant), people_of(tenant, "Solea")
    a_referral(at - timedelta(days=3), partner=first.partner, by=first.rep)
    late = a_referral(at, partner=second.partner, by=second.rep)
    return first, second, a_case(late, at)


def verdict(case: CaseParty, **facts: Any) -> Verdict:
    parties = CaseParty.objects.filter(case_id=case.case_id)
    words = {row.partner_id: f"Words for {row.partner_id}" for row in parties}
    return Verdict(**{"outcome": "stays", "rule": "first_registration", "words": words, **facts})


def person(user: Any) -> Actor:
    return Actor(user_id=user.id)


def test_both_partners_are_parties_with_a_timeline_that_names_nobody(
    world: World, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        first, second, case = two_claims(world.acme, at)
        parties = list(CaseParty.objects.filter(case_id=case.case_id).order_by("opened_it"))

        assert [row.partner_id for row in parties] == [first.partner.id, second.partner.id]
        assert [[line["own"] for line in row.timeline] for row in parties] == [
            [True, False],
            [False, True],
        ]
        assert str(first.partner.id) not in str(parties[1].timeline)


def test_a_party_reads_its_own_view_and_nothing_of_the_others(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        first, second, case = two_claims(world.acme, at)
        attribute(referral_id=case.referral_id or UUID(int=0), at=at)
    with tenant_scope(world.acme.id, second.partner.id):
        add_entry(
            case_id=case.case_id,
            partner_id=second.partner.id,
            text="Secret of Solea",
            actor=person(second.rep),
            at=at,
        )

    with tenant_scope(world.acme.id, first.partner.id):
        assert CaseParty.objects.get().partner_id == first.partner.id
        assert (CaseEntry.objects.count(), Case.objects.count(), Decision.objects.count()) == (
            0,
            0,
            0,
        )
        assert {row.partner_id for row in Explanation.objects.all()} <= {first.partner.id}


def test_what_the_vendor_passes_on_arrives_without_its_author(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        first, _second, case = two_claims(world.acme, at)
        own = CaseEntry.objects.get(case_id=case.case_id)
        pass_on(entry_id=own.id, actor=person(world.manager), at=at)
        pass_on(entry_id=own.id, actor=person(world.manager), at=at)

    with tenant_scope(world.acme.id, first.partner.id):
        entry = CaseEntry.objects.get()
        assert (entry.text, entry.voice, entry.author_id) == (
            "We met them in March.",
            "other",
            None,
        )


def test_a_split_is_carried_out_and_each_party_reads_its_part(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        first, second, case = two_claims(world.acme, at)
        parts = ((first.partner.id, "source", 6_000), (second.partner.id, "source", 4_000))

        decide_case(
            case_id=case.case_id,
            verdict=verdict(case, outcome="split", rule="split", credits=parts),
            actor=person(world.manager),
            at=at,
        )

        shares = dict(CaseParty.objects.values_list("partner_id", "share"))
        assert shares == {first.partner.id: 6_000, second.partner.id: 4_000}
        assert Credit.objects.filter(ended_at=None).count() == 2
        assert Case.objects.get().state == CaseState.DECIDED


def test_a_move_gives_the_referral_to_the_other_party(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        first, second, case = two_claims(world.acme, at)

        decide_case(
            case_id=case.case_id,
            verdict=verdict(case, outcome="moved", to_partner_id=second.partner.id),
            actor=person(world.manager),
            at=at,
        )

        subject = Case.objects.get().subject_id
        assert subject is not None
        moved = Referral.objects.get(id=subject)
        assert (moved.partner_id, moved.submitted_by_id) == (second.partner.id, second.rep.id)
        assert not Referral.objects.filter(partner_id=first.partner.id).exists()


def test_every_party_must_be_told_why(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        first, second, case = two_claims(world.acme, at)
        words = {second.partner.id: "So", first.partner.id: " "}

        with pytest.raises(WordsMissing) as missing:
            decide_case(
                case_id=case.case_id,
                verdict=verdict(case, words=words),
                actor=person(world.manager),
                at=at,
            )

        assert missing.value.partner_id == first.partner.id
        assert Case.objects.get().state == CaseState.OPEN


def test_the_appeal_is_another_persons_and_then_final(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        first, _second, case = two_claims(world.acme, at)
        decide: dict[str, Any] = {"case_id": case.case_id, "verdict": verdict(case), "at": at}
        decide_case(**decide, actor=person(world.manager))
        appeal: dict[str, Any] = {
            "case_id": case.case_id,
            "partner_id": first.partner.id,
            "text": "No",
            "at": at,
        }
        appeal_case(**appeal, actor=person(first.rep))
        appeal_case(**appeal, actor=person(first.rep))
        take_appeal(case_id=case.case_id, actor=SYSTEM, at=at)

        with pytest.raises(MustBeAnother):
            decide_case(**decide, actor=person(world.manager))
        final = decide_case(**decide, actor=person(world.admin))
        with pytest.raises(AppealTooLate):
            appeal_case(**appeal, actor=person(first.rep))
        with pytest.raises(CaseNotInState):
            decide_case(**decide, actor=person(world.admin))

        assert (final.state, final.final_by_id) == (CaseState.FINAL, world.admin.id)
        assert Event.objects.filter(name="case.appealed").count() == 1


def test_after_its_days_a_decision_is_final(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        first, _second, case = two_claims(world.acme, at)
        decide_case(case_id=case.case_id, verdict=verdict(case), actor=person(world.manager), at=at)
        last = at + timedelta(days=14)

        escalate_overdue(at=last)
        before = Case.objects.get().state
        escalate_overdue(at=last + timedelta(seconds=1))

        assert (before, Case.objects.get().state) == (CaseState.DECIDED, CaseState.FINAL)
        with pytest.raises(AppealTooLate):
            appeal_case(
                case_id=case.case_id,
                partner_id=first.partner.id,
                text="No",
                actor=person(first.rep),
                at=last + timedelta(seconds=2),
            )


def test_an_undecided_case_goes_to_another_person_once(
    world: World, deliver: Callable[[], int], at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        _first, _second, case = two_claims(world.acme, at)
        row = Case.objects.get(id=case.case_id)
        Case.objects.update(assignee=world.manager)

        early = escalate_overdue(at=row.due_at - timedelta(seconds=1))
        late = escalate_overdue(at=row.due_at)
        again = escalate_overdue(at=row.due_at + timedelta(days=1))

        row.refresh_from_db()
        assert (early, late, again) == (0, 1, 0)
        assert row.assignee_id == world.admin.id
    deliver()
    with tenant_scope(world.acme.id):
        told = Notice.objects.filter(kind="case.staff", facts__what="escalated")
        assert [notice.user_id for notice in told] == [world.admin.id]


def test_of_two_decisions_at_once_one_counts(real_database: str, at: datetime) -> None:
    world = make_world()
    with tenant_scope(world.acme.id):
        _first, _second, case = two_claims(world.acme, at)
        given = verdict(case)

    def decide(user: Any) -> str:
        try:
            with tenant_scope(world.acme.id):
                decide_case(case_id=case.case_id, verdict=given, actor=person(user), at=at)
        except CaseNotInState:
            return "late"
        finally:
            connection.close()
        return "done"

    with ThreadPoolExecutor(2) as pool:
        found = sorted(pool.map(decide, [world.manager, world.admin]))

    with tenant_scope(world.acme.id):
        assert found == ["done", "late"]
        assert Event.objects.filter(name="case.decided").count() == 1


def test_an_appeal_and_a_final_decision_at_once_leave_one_truth(
    real_database: str, at: datetime
) -> None:
    world = make_world()
    with tenant_scope(world.acme.id):
        first, second, case = two_claims(world.acme, at)
        given = verdict(case)
        decide_case(case_id=case.case_id, verdict=given, actor=person(world.manager), at=at)
        common: dict[str, Any] = {"case_id": case.case_id, "text": "No", "actor": SYSTEM, "at": at}
        appeal_case(partner_id=first.partner.id, **common)
        take_appeal(case_id=case.case_id, actor=SYSTEM, at=at)

    def step(name: str) -> str:
        try:
            with tenant_scope(world.acme.id):
                if name == "decide":
                    decide_case(
                        case_id=case.case_id, verdict=given, actor=person(world.admin), at=at
                    )
                else:
                    appeal_case(partner_id=second.partner.id, **common)
        except AppealTooLate:
            return "too late"
        finally:
            connection.close()
        return "done"

    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(step, ["decide", "appeal"]))

    with tenant_scope(world.acme.id):
        assert found == ["done", "too late"]
        assert set(CaseParty.objects.values_list("state", flat=True)) == {"final"}


def test_the_pages_of_a_case_name_no_other_partner(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        first, _second, case = two_claims(world.acme, at)
        decide_case(case_id=case.case_id, verdict=verdict(case), actor=person(world.manager), at=at)
    client = Client()
    client.force_login(first.rep)

    pages = [
        client.get(tenant_path(world.acme, "referrals:case-list")),
        client.get(tenant_path(world.acme, "referrals:case-detail", case_id=case.case_id)),
    ]

    assert [page.status_code for page in pages] == [200, 200]
    text = "".join(page.content.decode() for page in pages)
    assert "Another partner" in text
    assert "Solea" not in text


def test_objecting_again_leads_to_the_open_case(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        _first, second, party = two_claims(world.acme, at)
    client = Client()
    client.force_login(second.rep)
    case = tenant_path(world.acme, "referrals:case-detail", case_id=party.case_id)
    again = tenant_path(world.acme, "referrals:case-new", referral_id=party.referral_id)

    assert client.get(again).headers["Location"] == case


def test_a_partner_of_another_company_does_not_find_the_case(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        _first, _second, case = two_claims(world.acme, at)
        stranger = people_of(world.acme, "Thirdly")
    client = Client()
    client.force_login(stranger.admin)

    answer = client.get(tenant_path(world.acme, "referrals:case-detail", case_id=case.case_id))

    assert answer.status_code == 404


def test_staff_decide_after_a_look_at_what_it_does(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        first, second, case = two_claims(world.acme, at)
        parties = list(
            CaseParty.objects.filter(case_id=case.case_id).select_related("partner").order_by("id")
        )
        second_manager = a_member(world.acme, Role.CHANNEL_MANAGER, "another@acme.example")
    client = Client()
    client.force_login(second_manager)
    url = tenant_path(world.acme, "referrals:manage-case-decide", case_id=case.case_id)
    asked = {"seen": "0", "outcome": "split", "rule": "split"}
    for row in parties:
        asked[f"words_{row.id}"] = f"For {row.partner.name}"
        asked[f"share_{row.id}"] = "50"

    shown = client.post(url, asked)
    with tenant_scope(world.acme.id):
        assert Case.objects.get().state == CaseState.OPEN
    changed = client.post(
        url, {**asked, "rule": "evidence", "confirm": shown.context["preview_digest"]}
    )
    with tenant_scope(world.acme.id):
        assert Case.objects.get().state == CaseState.OPEN
    done = client.post(url, {**asked, "confirm": shown.context["preview_digest"]})

    assert [shown.status_code, changed.status_code, done.status_code] == [200, 200, 303]
    with tenant_scope(world.acme.id):
        assert Case.objects.get().decided_by_id == second_manager.id
        assert {row.partner_id for row in Credit.objects.all()} == {
            first.partner.id,
            second.partner.id,
        }


def test_the_list_asks_the_same_number_of_queries_for_more_cases(
    world: World, at: datetime
) -> None:
    client = Client()
    client.force_login(world.manager)
    url = tenant_path(world.acme, "referrals:manage-case-list")
    # The first page of a process reads what later ones know.
    client.get(url)
    counts = []
    for number in (1, 3):
        with tenant_scope(world.acme.id):
            for n in range(number):
                people = people_of(world.acme, f"Partner {number}{n}")
                company = f"Company {number}{n}"
                mail = f"a@company{number}{n}.example"
                row = a_referral(
                    at, partner=people.partner, by=people.rep, company=company, contact_email=mail
                )
                a_case(row, at)
        with CaptureQueriesContext(connection) as seen:
            page = client.get(url)
        counts.append(len(seen))
        assert page.status_code == 200

    assert counts[0] == counts[1]


def test_the_list_is_searched_and_filtered_and_the_menu_counts(world: World, at: datetime) -> None:
    client = Client()
    client.force_login(world.manager)
    with tenant_scope(world.acme.id):
        for name in ("Kite", "Osprey"):
            people = people_of(world.acme, f"{name} Partners")
            row = a_referral(
                at,
                partner=people.partner,
                by=people.rep,
                company=name,
                contact_email=f"a@{name.lower()}.example",
            )
            a_case(row, at)
        Case.objects.filter(referral__company="Kite").update(due_at=at - timedelta(days=3000))
        Case.objects.filter(referral__company="Osprey").update(
            due_at=timezone.now() + timedelta(days=30)
        )
        kites = a_partner("Kite Partners").id
    url = tenant_path(world.acme, "referrals:manage-case-list")

    def shown(query: str) -> set[str]:
        text = client.get(f"{url}?{query}").content.decode()
        return {name for name in ("Kite", "Osprey") if f">{name}</a>" in text}

    assert shown("") == {"Kite", "Osprey"}
    assert shown("q=ospr") == {"Osprey"}
    assert shown(f"partner={kites}") == {"Kite"}
    assert shown("late=1") == {"Kite"}
    assert shown("view=final") == set()
    assert shown("q=nobody") == set()
    numbers = vars(client.get(url).wsgi_request)["menu_numbers"]
    assert (
        numbers["referrals:manage-case-list"],
        numbers["referrals:manage-case-list hot"],
    ) == (2, 1)


def test_a_ticked_box_to_clear_is_no_evidence() -> None:
    form = EntryForm({"text": "Words", "evidence-clear": "on"}, MultiValueDict())

    assert form.is_valid()
    assert form.cleaned_data["evidence"] is None
