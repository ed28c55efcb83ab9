"""The person referred is told once, may object, may be erased: rows and money stay, the name is nowhere any more."""

import re
from collections.abc import Callable, Iterable
from datetime import datetime
from itertools import chain

import pytest
from django.db import connection
from django.test import Client

from commissions.ledger.models import Transfer
from prm.events.services import SYSTEM, Actor
from prm.notices.models import Mail, Notice
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from prm.web.formats import day_text
from referrals.capture.models import (
    Draft,
    PrivacyDeed,
    PrivacyEntry,
    PrivacyNotice,
    SuppressedPerson,
)
from referrals.capture.people import person_token
from referrals.capture.privacy import (
    erase_person,
    object_to_contact,
    set_privacy_rules,
    tell_person,
)
from referrals.capture.rules import Privacy, is_own_name
from referrals.capture.selectors_privacy import basis_of
from referrals.pipeline.hooks import MoveRefused
from referrals.pipeline.models import Referral, ReferralNote, StageChange, StageKind
from referrals.pipeline.services import add_note, change_stage
from referrals.sharing.models import Lead
from tests.builders.commissions import a_plan, a_won_deal
from tests.builders.referrals import a_partner, a_program, a_referral, people_of, stage_of
from tests.conftest import World

Deliver = Callable[[], int]


def everything_kept(tenant: Tenant) -> dict[str, str]:
    """Return every row of every table of the tenant as text, by table."""
    found = {}
    with tenant_scope(tenant.id), connection.cursor() as cursor:
        cursor.execute(
            "select c.table_name from information_schema.columns c join information_schema.tables t using (table_name)"
            " where c.column_name = 'tenant_id' and c.table_schema = 'public' and t.table_type = 'BASE TABLE'"
        )
        for (table,) in cursor.fetchall():
            cursor.execute(f"select coalesce(string_agg(t::text, ' '), '') from {table} t")
            found[table] = cursor.fetchone()[0].lower()
    return found


def tables_with(secrets: Iterable[str], kept: dict[str, str]) -> dict[str, list[str]]:
    """Return which tables hold which of the secrets."""
    found = {name: [one for one in secrets if one.lower() in text] for name, text in kept.items()}
    return {name: secrets for name, secrets in found.items() if secrets}


def test_is_told_once_in_their_language_with_a_link(
    world: World, deliver: Deliver, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        referral = a_referral(at, country="IT")
    deliver()
    deliver()

    with tenant_scope(world.acme.id):
        tell_person(referral_id=referral.id, at=at)
        mail = Mail.objects.get(kind="referral.person")
        notice = PrivacyNotice.objects.get()
        assert (mail.to, mail.language) == ("tom@kestrel.example", "it")
        assert f"/acme/person/{person_token(notice.id)}/" in mail.text
        assert "Brightwater" in mail.text
        assert [row.deed for row in PrivacyEntry.objects.all()] == [PrivacyDeed.TOLD]


@pytest.mark.parametrize(
    ("tells", "stage", "mails"),
    [
        ("always", "submitted", 1),
        ("accepted", "submitted", 0),
        ("accepted", "accepted", 1),
        ("never", "accepted", 0),
    ],
)
def test_the_program_says_when(
    world: World, deliver: Deliver, at: datetime, tells: str, stage: str, mails: int
) -> None:
    with tenant_scope(world.acme.id):
        rules = Privacy(tells=tells, basis="Told by our own letter.")
        set_privacy_rules(program_id=a_program().id, rules=rules, actor=SYSTEM, at=at)
        a_referral(at, stage=stage)
    deliver()

    with tenant_scope(world.acme.id):
        assert Mail.objects.filter(kind="referral.person").count() == mails


def test_an_objection_closes_what_is_open_and_refuses_the_next(acme: Tenant, at: datetime) -> None:
    first = a_referral(at)
    other = a_referral(
        at, partner=a_partner("Solea"), stage="qualified", contact_email="Tom+x@kestrel.example"
    )

    object_to_contact(referral_id=first.id, actor=SYSTEM, at=at)
    object_to_contact(referral_id=first.id, actor=SYSTEM, at=at)

    kinds = dict(Referral.objects.values_list("id", "stage_kind"))
    assert kinds == {first.id: StageKind.REJECTED, other.id: StageKind.LOST}
    assert PrivacyEntry.objects.filter(deed=PrivacyDeed.OBJECTED).count() == 2
    assert "tom" not in "".join(SuppressedPerson.objects.values_list("email_digest", flat=True))
    with pytest.raises(MoveRefused):
        a_referral(
            at,
            partner=a_partner("Cedar"),
            company="Another company",
            contact_email="TOM@kestrel.example",
        )
    assert Referral.objects.count() == 2


def test_erasure_leaves_no_trace_of_the_person_and_the_money_as_it_was(
    world: World, deliver: Deliver, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        people = people_of(world.acme)
        a_plan()
        customer = a_won_deal(at, partner=people.partner)
        email = Referral.objects.get(id=customer.referral_id).contact_email
        secrets = ("Tom Ashdown", "+44 20 7946 0958", email)
        open_one = a_referral(
            at,
            partner=people.partner,
            by=people.rep,
            contact_phone="+44 20 7946 0958",
            context="Tom Ashdown wants a call",
            contact_email=email.upper(),
        )
        Draft.objects.create(
            partner=people.partner,
            program=a_program(),
            owner=people.rep,
            email_norm=email,
            values={"contact_email": email},
        )
        actor = Actor(people.rep.id, name="Rae")
        add_note(
            referral_id=open_one.id,
            text="Spoke with tom ashdown.",
            internal=True,
            actor=actor,
            at=at,
        )
    deliver()
    before = everything_kept(world.acme)
    assert sorted(set(chain(*tables_with(secrets, before).values()))) == sorted(secrets)
    with tenant_scope(world.acme.id):
        sums = list(Transfer.objects.order_by("id").values_list("amount_minor", "key"))
        assert sums

    with tenant_scope(world.acme.id):
        pseudonym = erase_person(referral_id=open_one.id, actor=SYSTEM, at=at)
        again = erase_person(referral_id=open_one.id, actor=SYSTEM, at=at)
    deliver()

    assert re.fullmatch(r"Person [0-9A-F]{4}", pseudonym)
    assert again == pseudonym
    assert tables_with(secrets, everything_kept(world.acme)) == {}
    with tenant_scope(world.acme.id):
        assert set(Referral.objects.values_list("contact_name", flat=True)) == {pseudonym}
        assert list(Transfer.objects.order_by("id").values_list("amount_minor", "key")) == sums
        assert Referral.objects.get(id=customer.referral_id).stage_kind == StageKind.WON
        assert Referral.objects.get(id=open_one.id).stage_kind == StageKind.REJECTED
        assert ReferralNote.objects.get().text == f"Spoke with {pseudonym}."
        assert not Draft.objects.exists()
        assert not Mail.objects.filter(kind="referral.person").exists()
        assert Notice.objects.filter(key__startswith="stage_change").exists()
        assert PrivacyEntry.objects.filter(deed=PrivacyDeed.ERASED).count() == 2


@pytest.mark.parametrize("right", [object_to_contact, erase_person])
def test_nobody_takes_it_up_again(acme: Tenant, at: datetime, right: Callable[..., object]) -> None:
    referral = a_referral(at)
    right(referral_id=referral.id, actor=SYSTEM, at=at)
    accepted = stage_of(referral.program_id, "accepted")

    with pytest.raises(MoveRefused):
        change_stage(referral_id=referral.id, to_stage_id=accepted.id, actor=SYSTEM, at=at)

    assert Referral.objects.get().stage_kind == StageKind.REJECTED


def test_a_company_by_the_persons_own_name_goes_too(acme: Tenant, at: datetime) -> None:
    own = a_referral(at, company="Studio Tom Ashdown", website="ashdown.example")
    erase_person(referral_id=own.id, actor=SYSTEM, at=at)
    own.refresh_from_db()

    assert (own.company, own.website, own.domain) == (own.contact_name, "", "")


@pytest.mark.parametrize(
    ("company", "person", "own"),
    [
        ("studio anna bianchi", "anna bianchi", True),
        ("bianchi anna", "anna bianchi", True),
        ("anna logistics", "anna bianchi", False),
        ("anna", "anna", False),
        ("kestrel logistics", "tom ashdown", False),
    ],
)
def test_own_names(company: str, person: str, own: bool) -> None:
    assert is_own_name(company, person) is own


def test_the_page_works_without_login_and_javascript(
    world: World, deliver: Deliver, client: Client, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        referral = a_referral(at, country="IT", relationship="event")
    deliver()
    with tenant_scope(world.acme.id):
        token = person_token(PrivacyNotice.objects.get().id)
    path = f"/acme/person/{token}/"

    page = client.get(path)
    unsure = client.post(f"{path}erase/", {})
    done = client.post(f"{path}erase/", {"confirm": "on"}, follow=True)

    assert page.status_code == 200
    assert 'lang="it"' in page.content.decode()
    assert "tom@kestrel.example" in page.content.decode()
    assert unsure.status_code == 422
    assert done.status_code == 200
    assert "tom@kestrel.example" not in done.content.decode()
    with tenant_scope(world.acme.id):
        referral.refresh_from_db()
        assert referral.erased_at is not None
        assert StageChange.objects.filter(referral_id=referral.id).count() == 2


def test_a_signed_in_partner_never_acts_for_the_person(
    world: World, deliver: Deliver, client: Client, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        people = people_of(world.acme)
        a_referral(at, partner=people.partner, by=people.rep)
    deliver()
    with tenant_scope(world.acme.id):
        path = f"/acme/person/{person_token(PrivacyNotice.objects.get().id)}/"
    client.force_login(people.rep)

    assert client.get(path).status_code == 200
    assert client.post(f"{path}object/").status_code == 409
    assert client.post(f"{path}erase/", {"confirm": "on"}).status_code == 409
    with tenant_scope(world.acme.id):
        notice = PrivacyNotice.objects.get()
        assert (notice.seen_at, notice.objected_at, notice.erased_at) == (None, None, None)


def test_links_of_others_open_nothing(
    world: World, deliver: Deliver, client: Client, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        a_referral(at)
    deliver()
    with tenant_scope(world.acme.id):
        token = person_token(PrivacyNotice.objects.get().id)

    assert client.get(f"/globex/person/{token}/").status_code == 404
    assert client.get(f"/acme/person/{token[:-2]}xx/").status_code == 404


def test_a_burst_is_held_back(world: World, deliver: Deliver, client: Client) -> None:
    answers = [client.get("/acme/person/nothing/").status_code for _ in range(122)]

    assert answers == [404] * 120 + [429] * 2


def test_who_filled_in_the_form_reads_their_own_consent(acme: Tenant, at: datetime) -> None:
    named, agreed = (a_referral(at, contact_email=f"tom@{name}.example") for name in ("a", "b"))
    Lead.objects.create(
        referral=agreed,
        partner_id=agreed.partner_id,
        via="link",
        consent_text="You may call me.",
        at=at,
    )

    assert "legitimate interest" in basis_of(named)
    assert basis_of(agreed) == (
        f"Your consent, given on {day_text(at)} with these words: “You may call me.”"
    )
