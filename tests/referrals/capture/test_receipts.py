"""A receipt proves what came and when: anybody can verify it, nobody can change a sign of it."""

import base64
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from prm.events.models import Event
from prm.events.seals import seal_tenant
from prm.notices.models import Mail
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from referrals.capture.models import Receipt
from referrals.capture.receipt_rules import (
    Unreadable,
    canonical,
    code_of,
    read,
    signed,
    tenant_key,
    verifying_key,
)
from referrals.capture.receipts import receipt_code, receipt_file, tenant_keys, verdict_on
from referrals.pipeline.models import Referral
from tests.builders.referrals import a_referral, people_of
from tests.conftest import World

VERIFY = "/acme/verify/receipt/"
KEY = tenant_key("a secret", 7)
BODY = canonical({"v": 1, "receipt": "RC-2026-0001", "partner": "Brightwater"})
CODE = code_of(BODY, signed(KEY, BODY))


def a_receipt(at: datetime, **facts: Any) -> tuple[Receipt, Referral]:
    referral = a_referral(at, **facts)
    return Receipt.objects.get(referral=referral), referral


def test_a_submission_signs_what_came_and_when(acme: Tenant, at: datetime) -> None:
    receipt, referral = a_receipt(at)

    said = json.loads(receipt.body)
    assert (said["receipt"], said["referral"], said["partner"], said["vendor"]) == (
        "RC-2026-0001",
        "R-2026-0001",
        "Brightwater",
        "Acme",
    )
    assert said["received_at"] == "2026-11-18T12:00:00.000+00:00"
    assert "Kestrel" not in receipt.body
    assert "tom@" not in receipt.body
    event = Event.objects.get(name="receipt.issued")
    assert event.partner_id == referral.partner_id


def test_any_library_verifies_it_with_the_public_key(acme: Tenant, at: datetime) -> None:
    receipt, _ = a_receipt(at)
    mark, body, signature = receipt_code(receipt).split(".")

    def raw(text: str) -> bytes:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))

    public = Ed25519PublicKey.from_public_bytes(raw(tenant_keys(acme.id)[0].public_text))
    public.verify(raw(signature), raw(body))
    assert mark == "PRR1"


@given(st.data())
def test_one_changed_sign_anywhere_is_noticed(data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(CODE) - 1))
    sign = data.draw(st.characters(codec="ascii", exclude_categories=["Cc", "Zs"]))
    changed = CODE[:place] + sign + CODE[place + 1 :]

    try:
        found = verifying_key(read(changed), [KEY])
    except Unreadable:
        found = None

    assert (found is not None) == (changed == CODE)


@pytest.mark.parametrize(
    "field", ["receipt", "referral", "partner", "vendor", "received_at", "facts", "company", "v"]
)
def test_a_file_with_a_changed_field_fails(acme: Tenant, at: datetime, field: str) -> None:
    receipt, referral = a_receipt(at)
    file = receipt_file(receipt, referral, staff=False)
    file["receipt"][field] = "changed"

    assert verdict_on(read(json.dumps(file))).problem == "signature"


@pytest.mark.parametrize("field", ["company", "contact_email", "consent", "custom"])
def test_a_file_with_a_changed_fact_fails(acme: Tenant, at: datetime, field: str) -> None:
    receipt, referral = a_receipt(at)
    file = receipt_file(receipt, referral, staff=False)
    file["facts"][field] = "changed"

    assert verdict_on(read(json.dumps(file))).problem == "facts"


def test_the_untouched_file_and_code_are_valid(acme: Tenant, at: datetime) -> None:
    receipt, referral = a_receipt(at, custom={"seats": "12"})
    referral.refresh_from_db()

    file = verdict_on(read(json.dumps(receipt_file(receipt, referral, staff=False))))
    code = verdict_on(read(receipt_code(receipt)))

    assert (file.is_valid, file.has_facts, file.recorded) == (True, True, True)
    assert (code.is_valid, code.has_facts, code.recorded) == (True, False, True)


def test_another_tenants_key_does_not_sign_for_this_one(world: World, at: datetime) -> None:
    with tenant_scope(world.globex.id):
        receipt, _ = a_receipt(at)
        code = receipt_code(receipt)

    with tenant_scope(world.acme.id):
        assert verdict_on(read(code)).problem == "signature"


def test_an_older_key_still_verifies(acme: Tenant, at: datetime, settings: Any) -> None:
    receipt, referral = a_receipt(at)
    settings.RECEIPT_KEYS = ["a newer secret", *settings.RECEIPT_KEYS]

    file = receipt_file(receipt, referral, staff=False)

    assert verdict_on(read(json.dumps(file))).is_valid
    assert file["facts"]["company"] == "Kestrel Logistics"


def test_a_changed_referral_leaves_its_facts_out_of_the_file(acme: Tenant, at: datetime) -> None:
    receipt, referral = a_receipt(at)
    referral.contact_name = "Person 8c1f"

    file = receipt_file(receipt, referral, staff=True)

    assert "facts" not in file
    assert verdict_on(read(json.dumps(file))).is_valid


def test_a_covered_contact_is_not_in_the_partners_file(acme: Tenant, at: datetime) -> None:
    receipt, referral = a_receipt(at)
    referral.contact_hidden = True

    assert "facts" not in receipt_file(receipt, referral, staff=False)
    assert "facts" in receipt_file(receipt, referral, staff=True)


def test_it_names_its_place_in_the_audit_chain(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        receipt, _ = a_receipt(at)
        waiting = verdict_on(read(receipt_code(receipt)))
    seal_tenant(world.acme.id)

    with tenant_scope(world.acme.id):
        sealed = verdict_on(read(receipt_code(receipt)))

    assert (waiting.position, waiting.chain) == (0, "")
    assert sealed.position > 0
    assert len(sealed.chain) == 64


def test_a_receipt_cannot_be_changed_in_the_database(acme: Tenant, at: datetime) -> None:
    from django.db import ProgrammingError, transaction

    receipt, _ = a_receipt(at)

    with pytest.raises(ProgrammingError), transaction.atomic():
        Receipt.objects.filter(id=receipt.id).update(body="{}")
    with pytest.raises(ProgrammingError), transaction.atomic():
        Receipt.objects.filter(id=receipt.id).delete()


def test_anybody_verifies_by_code_by_paste_and_by_file(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        receipt, referral = a_receipt(at)
        code = receipt_code(receipt)
        file = json.dumps(receipt_file(receipt, referral, staff=False)).encode()
    client = Client()

    pages = [
        client.get(VERIFY, {"code": code}),
        client.post(VERIFY, {"code": f"  {code[:90]}\n{code[90:]} "}),
        client.post(VERIFY, {"file": SimpleUploadedFile("RC-2026-0001.json", file)}),
    ]

    for page in pages:
        assert page.status_code == 200
        assert b"This receipt is valid" in page.content
        assert b"RC-2026-0001" in page.content


@pytest.mark.parametrize(
    "text",
    [
        "",
        "PRR1",
        "PRR1.x.y",
        "PRR2.e30.AA",
        "{",
        "{}",
        '{"receipt": [], "signature": 1}',
        '{"receipt": {}, "signature": "é"}',
        "x" * 50000,
        "PRR1..",
        "[" * 5000,
    ],
)
def test_what_is_no_receipt_is_told_so(world: World, text: str) -> None:
    page = Client().post(VERIFY, {"code": text})

    assert page.status_code == 422
    assert b"This receipt is valid" not in page.content


def test_a_tampered_code_is_told_so_and_shows_nothing(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        receipt, _ = a_receipt(at)
    forged = code_of(receipt.body.replace("Brightwater", "Otherwise"), receipt.signature)

    page = Client().post(VERIFY, {"code": forged})

    assert page.status_code == 200
    assert b"This receipt is not valid" in page.content
    assert b"Otherwise" not in page.content


def test_a_burst_is_refused_with_a_time_to_wait(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("referrals.capture.views_receipts.CHECKS", 2)

    answers = [Client().get(VERIFY, {"code": CODE}) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].headers["Retry-After"] == "600"


def test_the_partner_prints_and_downloads_it(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        team = people_of(world.acme)
        receipt, referral = a_receipt(at, partner=team.partner, by=team.rep)
    client = Client()
    client.force_login(team.rep, backend="allauth.account.auth_backends.AuthenticationBackend")

    page = client.get(f"/acme/referrals/{referral.id}/receipt/")
    text = client.get(f"/acme/referrals/{referral.id}/receipt.txt")
    file = client.get(f"/acme/referrals/{referral.id}/receipt.json")
    about = client.get(f"/acme/referrals/{referral.id}/")

    assert receipt_code(receipt).encode() in page.content
    assert b"<svg" in page.content
    assert text.content.decode().strip() == receipt_code(receipt)
    assert file.json()["receipt"] == json.loads(receipt.body)
    assert f"/acme/referrals/{referral.id}/receipt/".encode() in about.content


def test_an_imported_referral_has_none(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        team = people_of(world.acme)
        referral = a_referral(at - timedelta(days=1), partner=team.partner, by=team.rep)
        stranger = a_referral(at, company="Bramble Foods", contact_email="x@bramble.example")
    client = Client()
    client.force_login(team.rep, backend="allauth.account.auth_backends.AuthenticationBackend")

    assert client.get(f"/acme/referrals/{referral.id}/receipt/").status_code == 200
    assert client.get(f"/acme/referrals/{stranger.id}/receipt/").status_code == 404


def test_the_mail_of_a_submission_names_the_receipt(
    world: World, at: datetime, deliver: Callable[[], int]
) -> None:
    with tenant_scope(world.acme.id):
        team = people_of(world.acme)
        a_receipt(at, partner=team.partner, by=team.rep)

    deliver()

    with tenant_scope(world.acme.id):
        mail = Mail.objects.get(to=team.rep.email)
    assert "Your signed receipt RC-2026-0001 is on the referral's page." in mail.text
