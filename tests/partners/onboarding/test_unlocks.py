"""What a program keeps closed is closed on its address and in the service, and names what is missing."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from partners.agreements.models import Acceptance, AgreementVersion
from partners.agreements.selectors import agreement_due
from partners.directory.models import Enrollment, Partner
from partners.onboarding.models import Fact, Unlock
from partners.onboarding.rules import EARNINGS, FEATURES, SUBMIT, TEAM, BadConditions
from partners.onboarding.selectors import unsigned
from partners.onboarding.services import confirm_read
from partners.onboarding.unlocks import FeatureLocked, locked_features, missing, set_unlock
from partners.programs.models import Program
from prm.accounts.capabilities import Role
from prm.accounts.models import User
from prm.events.models import Event
from prm.events.services import SYSTEM
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from referrals.intake.services import ProbationFull, submit_referral
from referrals.pipeline.models import Referral, StageKind
from referrals.pipeline.selectors import stage_of_kind
from referrals.pipeline.services import change_stage
from tests.builders.onboarding import a_run, a_track, read_step, steps_in
from tests.builders.partners import a_partner, a_program
from tests.builders.people import a_member
from tests.builders.referrals import a_draft
from tests.conftest import World


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def an_agreement(
    program: Program, number: int, *, published_at: datetime, binding_from: datetime
) -> AgreementVersion:
    return AgreementVersion.objects.create(
        program=program,
        number=number,
        texts={"en": "# Terms"},
        published_at=published_at,
        binding_from=binding_from,
    )


def signs(partner: Partner, version: AgreementVersion, user: User, at: datetime) -> None:
    Acceptance.objects.create(
        version=version,
        program_id=version.program_id,
        partner=partner,
        user=user,
        signer_name="Ann",
        accepted_at=at,
        language="en",
        text="# Terms",
        text_hash="0" * 64,
    )


def lacks(partner: Partner, program: Program | None, feature: str, at: datetime) -> list[str]:
    found = missing(
        partner_id=partner.id, program_id=program.id if program else None, feature=feature, at=at
    )
    return [lack.words for lack in found]


def opens(program: Program, feature: str, *keys: str, at: datetime) -> None:
    set_unlock(program_id=program.id, feature=feature, keys=keys, actor=SYSTEM, at=at)


def test_without_conditions_everything_is_open(acme: Tenant, at: datetime) -> None:
    program = a_program()
    partner = a_partner(programs=(program,))

    assert [lacks(partner, program, feature, at) for feature in FEATURES] == [[]] * len(FEATURES)
    assert locked_features(partner_id=partner.id, features=FEATURES, at=at) == frozenset()


def test_a_published_agreement_is_always_asked_for_before_submitting(
    world: World, at: datetime
) -> None:
    day = timedelta(days=1)
    with tenant_scope(world.acme.id):
        program = a_program()
        partner = a_partner(programs=(program,))
        first = an_agreement(program, 1, published_at=at, binding_from=at + 30 * day)
        assert lacks(partner, program, SUBMIT, at) == ["Sign the agreement"]
        assert lacks(partner, program, EARNINGS, at) == []

        signs(partner, first, world.manager, at)
        assert lacks(partner, program, SUBMIT, at) == []

        # A newer version leaves the time it gives.
        an_agreement(program, 2, published_at=at + day, binding_from=at + 10 * day)
        assert lacks(partner, program, SUBMIT, at + 9 * day) == []
        assert lacks(partner, program, SUBMIT, at + 10 * day) == ["Sign the agreement"]


def test_many_at_once_is_told_the_same_as_one_by_one(world: World, at: datetime) -> None:
    day = timedelta(days=1)
    with tenant_scope(world.acme.id):
        program = a_program()
        nobody, early, late = (a_partner(name) for name in ("Nobody", "Early", "Late"))
        versions = [
            an_agreement(program, 1, published_at=at, binding_from=at + 5 * day),
            an_agreement(program, 2, published_at=at + 10 * day, binding_from=at + 20 * day),
            an_agreement(program, 3, published_at=at + 30 * day, binding_from=at + 40 * day),
        ]
        signs(early, versions[0], world.manager, at)
        signs(late, versions[1], world.manager, at + 15 * day)
        ids = [nobody.id, early.id, late.id]

        for days in (-1, 0, 4, 6, 15, 20, 25, 35, 45):
            moment = at + days * day
            alone = {
                partner_id
                for partner_id in ids
                if (due := agreement_due(partner_id, program.id, moment)) and due.blocking
            }
            assert {key for key, _ in unsigned(ids, [program.id], moment)} == alone
        assert alone == set(ids)


def test_every_condition_must_hold_and_is_named(acme: Tenant, at: datetime) -> None:
    program = a_program()
    partner = a_partner(programs=(program,))
    track = a_track(program, read_step(), name="Basics")
    run = a_run(partner.id, program, at=at)
    opens(program, EARNINGS, "fact:team", f"track:{track.id}", at=at)

    assert lacks(partner, program, EARNINGS, at) == [
        "Bring in a second person",
        "Finish the steps of “Basics”",
    ]

    confirm_read(done_id=steps_in(run)[0].id, actor=SYSTEM, at=at)
    assert lacks(partner, program, EARNINGS, at) == ["Bring in a second person"]


def test_one_program_that_opens_is_enough_where_no_program_is_named(
    acme: Tenant, at: datetime
) -> None:
    strict, free = a_program("Strict"), a_program("Free")
    opens(strict, EARNINGS, "fact:won", "fact:team", at=at)
    partner = a_partner(programs=(strict,))

    assert lacks(partner, None, EARNINGS, at) == ["Bring in a second person", "Have a referral won"]
    assert locked_features(partner_id=partner.id, features=FEATURES, at=at) == {EARNINGS}

    both = a_partner("Both", programs=(strict, free))
    assert lacks(both, None, EARNINGS, at) == []
    assert locked_features(partner_id=both.id, features=FEATURES, at=at) == frozenset()


@pytest.mark.parametrize(
    ("feature", "key"),
    [
        pytest.param(SUBMIT, "fact:referral", id="a referral before the first referral"),
        pytest.param(TEAM, "fact:team", id="a team before the first invitation"),
        pytest.param("courses", "course:0190a000-0000-7000-8000-000000000000", id="a course first"),
        pytest.param(EARNINGS, "fact:rich", id="an unknown fact"),
        pytest.param(EARNINGS, "course:nonsense", id="no course"),
        pytest.param(EARNINGS, "track:0190a000-0000-7000-8000-000000000000", id="no such track"),
        pytest.param(EARNINGS, "weather", id="an unknown kind"),
        pytest.param("fly", "agreement", id="an unknown feature"),
    ],
)
def test_conditions_that_could_never_hold_are_refused(
    acme: Tenant, at: datetime, feature: str, key: str
) -> None:
    program = a_program()

    with pytest.raises(BadConditions):
        opens(program, feature, key, at=at)

    assert not Unlock.objects.exists()
    assert not Event.objects.filter(name="unlock.changed").exists()


def test_the_same_conditions_again_write_nothing(acme: Tenant, at: datetime) -> None:
    program = a_program()

    opens(program, EARNINGS, "fact:team", "agreement", at=at)
    opens(program, EARNINGS, "agreement", "fact:team", "agreement", at=at)

    assert Event.objects.filter(name="unlock.changed").count() == 1


# ---------------------------------------------------------------- submitting


def submit(partner: Partner, program: Program, at: datetime, company: str = "Northgate") -> Any:
    draft = replace(a_draft(program), company=company, contact_email=f"x@{company.lower()}.example")
    return submit_referral(
        draft=draft, partner_id=partner.id, submitted_by_id=None, actor=SYSTEM, at=at, key=None
    )


def test_the_service_refuses_a_locked_submission_and_writes_nothing(
    acme: Tenant, at: datetime
) -> None:
    program = a_program()
    partner = a_partner(programs=(program,))
    opens(program, SUBMIT, "fact:team", at=at)

    with pytest.raises(FeatureLocked) as locked:
        submit(partner, program, at)

    assert [lack.words for lack in locked.value.missing] == ["Bring in a second person"]
    assert not Referral.objects.exists()
    assert not Event.objects.filter(name="referral.submitted").exists()


def test_probation_limits_referrals_that_are_open_at_once(acme: Tenant, at: datetime) -> None:
    program = a_program()
    partner = a_partner(programs=(program,))
    until = at + timedelta(days=30)
    Enrollment.objects.filter(partner=partner).update(probation_until=until, probation_referrals=2)
    first = submit(partner, program, at, "Alder")
    submit(partner, program, at, "Birch")

    with pytest.raises(ProbationFull) as full:
        submit(partner, program, at, "Cedar")
    assert (full.value.limit, full.value.until) == (2, until)
    assert Referral.objects.count() == 2

    # One that is closed makes room, and after the probation nothing is counted.
    rejected = stage_of_kind(program.id, StageKind.REJECTED)
    assert rejected is not None
    change_stage(
        referral_id=first.id,
        to_stage_id=rejected.id,
        reason="Too small",
        actor=SYSTEM,
        at=at,
    )
    submit(partner, program, at, "Cedar")
    submit(partner, program, until, "Dogwood")
    assert Referral.objects.count() == 4


# ---------------------------------------------------------------- pages


@pytest.fixture
def cast(world: World) -> dict[str, Any]:
    with tenant_scope(world.acme.id):
        program = a_program()
        partner = a_partner(programs=(program,))
        inside: dict[str, Any] = {"partner_id": partner.id, "partner_name": partner.name}
        boss = a_member(world.acme, Role.PARTNER_ADMIN, "boss@p.example", **inside)
    return {"world": world, "program": program, "partner": partner, "boss": boss}


@pytest.mark.parametrize(
    ("feature", "path"),
    [
        pytest.param(SUBMIT, "referrals/new/", id="submitting"),
        pytest.param(EARNINGS, "earnings/", id="earnings"),
        pytest.param(EARNINGS, "earnings/export/", id="the export of earnings"),
        pytest.param(TEAM, "team/invite/", id="inviting"),
    ],
)
def test_a_locked_address_answers_403_names_the_condition_and_leads_to_it(
    cast: dict[str, Any], feature: str, path: str
) -> None:
    client = signed_in(cast["boss"])
    assert client.get(f"/acme/{path}").status_code == 200
    with tenant_scope(cast["world"].acme.id):
        opens(cast["program"], feature, "fact:payout_details", at=timezone.now())

    response = client.get(f"/acme/{path}")

    assert response.status_code == 403
    page = response.content.decode()
    assert "Enter your payout details" in page
    assert 'href="/acme/payout-details/"' in page
    if feature in {SUBMIT, EARNINGS}:
        assert "(not open yet)" in page


def test_staff_are_not_locked_out(cast: dict[str, Any]) -> None:
    with tenant_scope(cast["world"].acme.id):
        opens(cast["program"], EARNINGS, "fact:won", at=timezone.now())

    assert signed_in(cast["world"].finance).get("/acme/manage/finance/").status_code == 200


def test_the_form_says_what_is_missing_in_the_chosen_program(cast: dict[str, Any]) -> None:
    with tenant_scope(cast["world"].acme.id):
        other = a_program("Other")
        from partners.directory.services import enroll

        enroll(partner_id=cast["partner"].id, program_id=other.id, actor=SYSTEM, at=timezone.now())
        opens(other, SUBMIT, "fact:team", at=timezone.now())
    client = signed_in(cast["boss"])
    facts = {
        "company": "Northgate",
        "contact_name": "Ann",
        "contact_email": "ann@northgate.example",
        "consent": "on",
    }

    response = client.post(
        f"/acme/referrals/new/?program={other.id}", {**facts, "program": str(other.id)}
    )

    assert response.status_code == 422
    assert "Not open yet. First: Bring in a second person" in response.content.decode()


def test_a_program_admin_sets_conditions_on_screen(cast: dict[str, Any]) -> None:
    client = signed_in(cast["world"].admin)
    url = f"/acme/manage/programs/{cast['program'].id}/unlocks/"
    assert client.get(url).status_code == 200

    assert client.post(url, {"earnings_see": ["agreement", "fact:won"]}).status_code == 303
    assert client.post(url, {"referral_submit": ["fact:won"]}).status_code == 422

    with tenant_scope(cast["world"].acme.id):
        row = Unlock.objects.get(feature=EARNINGS)
        assert row.conditions == [{"kind": "agreement"}, {"kind": "fact", "fact": Fact.WON}]
    assert "checked" in client.get(url).content.decode()


def test_pages_without_locks_ask_nothing_more(cast: dict[str, Any]) -> None:
    client = signed_in(cast["boss"])
    client.get("/acme/referrals/")

    with CaptureQueriesContext(connection) as seen:
        client.get("/acme/referrals/")

    assert [query["sql"] for query in seen if 'FROM "partners_unlock"' in query["sql"]] == []
