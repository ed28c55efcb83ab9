"""A message to a person's own address becomes a draft of theirs, once; never a referral, and only if it was signed."""

import hashlib
import hmac
import time
from datetime import datetime
from email.message import EmailMessage
from typing import Any

import pytest
from django.test import Client

from prm.notices.models import Notice
from prm.tenancy.scope import tenant_scope
from referrals.capture import mail_in
from referrals.capture.mail_rules import form_values, read_letter
from referrals.capture.models import Draft, MailAddress
from referrals.pipeline.models import Referral
from tests.builders.referrals import People, people_of
from tests.conftest import World

KEY, DOMAIN = "mail-server-key", "in.portal.example"
OWN = frozenset({"brightwater.example"})


def a_letter(text: str, *, subject: str = "Fwd: Payroll", html: bool = False) -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Rae Rep <rae@brightwater.example>"
    message["To"] = "somebody@in.portal.example"
    message["Subject"] = subject
    message["Message-ID"] = "<one@brightwater.example>"
    message.set_content(text, subtype="html" if html else "plain")
    return message


def values(message: EmailMessage) -> dict[str, str]:
    return form_values(read_letter(message.as_bytes()), own=OWN)


FORWARDED = """Ciao, vedi sotto.

---------- Forwarded message ---------
From: Tom Ashdown <tom@kestrel-logistics.example>
To: Rae Rep <rae@brightwater.example>

We want to move our payroll. Call 0123.
"""
INLINE_IT = (
    "Da: Anna Verdi [mailto:anna@gmail.com]\nA: rae@brightwater.example\n\nAzienda: Verdi Srl\n"
)
LABELLED = "Company: Heron Ltd\nContact: Ida Heron\nEmail: ida@heron.example\nPhone: +353 1 555"
HTML = "<style>x{}</style><p>Please call <b>Sam</b></p><p>sam@osprey.example</p>"


@pytest.mark.parametrize(
    ("text", "html", "expected"),
    [
        (FORWARDED, False, ("Kestrel Logistics", "Tom Ashdown", "tom@kestrel-logistics.example")),
        (INLINE_IT, False, ("Verdi Srl", "Anna Verdi", "anna@gmail.com")),
        (LABELLED, False, ("Heron Ltd", "Ida Heron", "ida@heron.example")),
        (HTML, True, ("Osprey", None, "sam@osprey.example")),
        ("Only words from rae@brightwater.example", False, (None, None, None)),
    ],
)
def test_company_and_contact_are_read_from_a_message(
    text: str, html: bool, expected: tuple[str | None, ...]
) -> None:
    found = values(a_letter(text, html=html))

    names = ("company", "contact_name", "contact_email")
    assert tuple(found.get(name) for name in names) == expected
    assert "x{}" not in found["context"]


def test_the_sender_of_an_attached_message_is_the_contact() -> None:
    inner = EmailMessage()
    inner["From"] = "Tom <tom@kestrel.example>"
    inner.set_content("Call me.")
    message = a_letter("See attached.")
    message.add_attachment(inner)

    found = values(message)

    assert (found["contact_name"], found["contact_email"]) == ("Tom", "tom@kestrel.example")
    assert "Call me." in found["context"]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff\xfe\x00",
        b"From: =?x?q?=\r\nContent-Type: text/plain; charset=nope\r\n\r\n\xe9\x00",
    ],
)
def test_a_broken_message_is_read_as_far_as_it_goes(raw: bytes) -> None:
    assert "\x00" not in "".join(form_values(read_letter(raw), own=OWN).values())


# ---------------------------------------------------------------- through the door
@pytest.fixture
def people(world: World, settings: Any) -> People:
    settings.INBOUND_MAIL_DOMAIN, settings.INBOUND_MAIL_KEY = DOMAIN, KEY
    with tenant_scope(world.acme.id):
        return people_of(world.acme)


@pytest.fixture
def rep(people: People) -> Client:
    client = Client()
    client.force_login(people.rep, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def address_of(world: World, rep: Client) -> str:
    rep.post("/acme/referrals/drafts/mail/new/")
    with tenant_scope(world.acme.id):
        return mail_in.written_out(MailAddress.objects.get(revoked_at=None))


def post(recipient: str, body: bytes, **changed: Any) -> int:
    stamp = str(changed.get("stamp", int(time.time())))
    text = f"{stamp}.{recipient}.".encode() + body
    signature = hmac.new(KEY.encode(), text, hashlib.sha256).hexdigest()
    return (
        Client(enforce_csrf_checks=True)
        .post(
            f"/{changed.get('tenant', 'acme')}/inbound/mail/",
            changed.get("sent", body),
            content_type="message/rfc822",
            headers={
                "X-Mail-Recipient": changed.get("to", recipient),
                "X-Mail-Timestamp": stamp,
                "X-Mail-Signature": signature,
            },
        )
        .status_code
    )


def test_a_message_becomes_a_draft_of_the_persons_own_once(
    world: World, people: People, rep: Client
) -> None:
    address, body = address_of(world, rep), a_letter(FORWARDED).as_bytes()

    assert [post(address.upper(), body) for _ in range(2)] == [202, 202]

    with tenant_scope(world.acme.id):
        draft = Draft.objects.get()
        assert (draft.owner, draft.company) == (people.rep, "Kestrel Logistics")
        assert not Referral.objects.exists()
        assert Notice.objects.filter(kind="referral.mail_draft", user=people.rep).count() == 1
    form = rep.get(f"/acme/referrals/new/?draft={draft.id}").content.decode()
    assert "tom@kestrel-logistics.example" in form


@pytest.mark.parametrize(
    "changed",
    [
        {"sent": b"From: other"},
        {"to": "acme.other@in.portal.example"},
        {"stamp": 1_700_000_000},
        {"stamp": "x"},
    ],
)
def test_what_the_mail_server_did_not_sign_now_is_refused(
    world: World, rep: Client, changed: dict[str, Any]
) -> None:
    assert post(address_of(world, rep), a_letter(FORWARDED).as_bytes(), **changed) == 400
    with tenant_scope(world.acme.id):
        assert not Draft.objects.exists()


def test_stopped_unknown_and_foreign_addresses_take_nothing_and_say_the_same(
    world: World, rep: Client
) -> None:
    address, body = address_of(world, rep), a_letter(FORWARDED).as_bytes()
    assert post(address, body, tenant="globex") == 202
    assert post("acme.nobody@in.portal.example", body) == 202
    assert "goes nowhere" in rep.get("/acme/referrals/drafts/mail/end/").content.decode()
    rep.post("/acme/referrals/drafts/mail/end/")
    assert post(address, body) == 202

    for tenant in (world.acme, world.globex):
        with tenant_scope(tenant.id):
            assert not Draft.objects.exists()
    assert address_of(world, rep) != address


def test_an_address_takes_so_many_messages_a_day(
    world: World, rep: Client, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail_in, "MAILS_A_DAY", 1)
    address = address_of(world, rep)
    second = a_letter(LABELLED)
    second.replace_header("Message-ID", "<two@brightwater.example>")

    assert post(address, a_letter(FORWARDED).as_bytes()) == 202
    assert post(address, second.as_bytes()) == 429
    with tenant_scope(world.acme.id):
        assert Draft.objects.count() == 1
