"""Certificates have numbers without gaps, a PDF in the tenant's look, and a public page that never says too much."""

import re
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from partners.applications.models import Application
from partners.training.certificates import AlreadyRevoked, revoke_certificate
from partners.training.learners import Learner
from partners.training.models import Certificate, Taking
from partners.training.paper import certificate_pdf, keep_pdf, stored_pdf
from partners.training.taking import hand_over
from partners.training.tasks import make_certificate_pdf
from prm.accounts.capabilities import Role
from prm.events.models import Event
from prm.events.services import SYSTEM
from prm.notices.models import Notice
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from tests.builders.partners import a_partner, a_program
from tests.builders.people import a_member, a_person
from tests.builders.training import a_certificate, a_course, a_learner
from tests.conftest import NOON, World


def test_numbers_follow_one_another_and_start_anew_each_year(acme: Tenant) -> None:
    partner, course = a_partner(), a_course(questions=1)
    # In Amsterdam the new year has begun.
    moments = [
        datetime(2026, 5, 1, tzinfo=UTC),
        datetime(2026, 12, 31, 22, 59, tzinfo=UTC),
        datetime(2026, 12, 31, 23, 0, tzinfo=UTC),
    ]

    numbers = [
        a_certificate(
            course, a_learner(a_person(f"p{place}@own.example"), partner), at=moment
        ).number
        for place, moment in enumerate(moments)
    ]

    assert numbers == ["C-2026-0001", "C-2026-0002", "C-2027-0001"]


def test_a_certificate_keeps_what_was_printed(acme: Tenant) -> None:
    partner = a_partner("Brightwater")
    course = a_course(questions=1, minutes=90, certificate_months=12)
    learner = a_learner(a_person("rep@own.example", name="Rhea Rep"), partner, language="it")

    found = a_certificate(course, learner, at=NOON)

    assert (found.holder, found.partner_name) == ("Rhea Rep", "Brightwater")
    assert (found.course_title, found.language) == ("Selling Acme in italiano", "it")
    assert (found.minutes, str(found.expires_on)) == (90, "2027-11-18")
    assert re.fullmatch(r"[A-Z2-7]{16}", found.code)
    assert Event.objects.filter(name="certificate.issued").count() == 1


def pdf_words(content: bytes, tmp: Any) -> str:
    path = tmp / "c.pdf"
    path.write_bytes(content)
    command = ["pdftotext", "-layout", str(path), "-"]
    return subprocess.run(command, capture_output=True, check=True).stdout.decode()


def test_the_pdf_says_who_what_and_where_to_verify_and_is_the_same_again(
    acme: Tenant, tmp_path: Any
) -> None:
    course = a_course(questions=1, minutes=90, certificate_months=12)
    learner = a_learner(a_person("rep@own.example", name="Łucja Öztürk"), a_partner("Brightwater"))
    found = a_certificate(course, learner, at=NOON)

    content = certificate_pdf(found)

    words = pdf_words(content, tmp_path)
    for said in ("Łucja Öztürk", "Brightwater", "Selling Acme", "18 November 2026", "1 hour 30"):
        assert said in words
    assert f"/acme/certificates/{found.code}/" in words
    assert content == certificate_pdf(found)


def test_the_worker_makes_the_pdf_once_and_the_page_waits_for_it(world: World) -> None:
    with tenant_scope(world.acme.id):
        partner = a_partner()
        inside: dict[str, Any] = {"partner_id": partner.id, "partner_name": partner.name}
        user = a_member(world.acme, Role.PARTNER_REP, "rep@own.example", **inside)
        course = a_course(questions=1)
        found = a_certificate(course, a_learner(user, partner))
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    path = f"/acme/courses/{course.id}/certificate/"

    waiting = client.get(path)
    make_certificate_pdf(tenant_id=world.acme.id, certificate_id=str(found.id))
    ready = client.get(path)

    assert (waiting.status_code, waiting.headers["Refresh"]) == (202, "2")
    assert ready.headers["Content-Type"] == "application/pdf"
    assert ready.headers["Content-Disposition"] == f'attachment; filename="{found.number}.pdf"'
    assert b"".join(ready.streaming_content).startswith(b"%PDF")  # type: ignore[attr-defined]
    with tenant_scope(world.acme.id):
        kept = stored_pdf(found)
        assert kept
        kept.write_bytes(b"as it was")
        assert keep_pdf(found).read_bytes() == b"as it was"


@pytest.fixture
def issued(world: World) -> Certificate:
    """A certificate of the first tenant that expires."""
    with tenant_scope(world.acme.id):
        learner = a_learner(a_person("rep@own.example", name="Rhea Rep"), a_partner("Brightwater"))
        course = a_course(questions=1, certificate_months=12)
        return a_certificate(course, learner, at=datetime.now(UTC))


def test_anybody_can_verify_a_certificate(issued: Certificate) -> None:
    page = Client().get(f"/acme/certificates/{issued.code}/")

    words = page.content.decode()
    assert page.status_code == 200
    for said in ("This certificate is valid", "Rhea Rep", "Brightwater", "Selling Acme"):
        assert said in words
    assert "rep@own.example" not in words
    assert page.headers["X-Robots-Tag"] == "noindex"


def test_a_code_may_be_typed_as_it_is_printed(issued: Certificate) -> None:
    typed = "-".join(issued.code.lower()[at : at + 4] for at in range(0, 16, 4))

    assert b"This certificate is valid" in Client().get(f"/acme/certificates/{typed}/").content


def test_a_revoked_one_says_so_at_once_and_keeps_the_reason_inside(
    world: World, issued: Certificate
) -> None:
    with tenant_scope(world.acme.id):
        revoke_certificate(
            certificate_id=issued.id, reason="Somebody else sat the quiz", actor=SYSTEM, at=NOON
        )

    words = Client().get(f"/acme/certificates/{issued.code}/").content.decode()

    assert "This certificate was revoked" in words
    assert "This certificate is valid" not in words
    assert "Somebody else" not in words


def test_an_expired_one_says_so(world: World, issued: Certificate) -> None:
    with tenant_scope(world.acme.id):
        Certificate.objects.update(expires_on="2025-01-31")

    words = Client().get(f"/acme/certificates/{issued.code}/").content.decode()

    assert "This certificate has expired" in words
    assert "31 January 2025" in words.replace("\N{NO-BREAK SPACE}", " ")


def test_an_unknown_code_and_another_tenants_look_alike(issued: Certificate) -> None:
    unknown = Client().get("/acme/certificates/AAAABBBBCCCCDDDD/")
    elsewhere = Client().get(f"/globex/certificates/{issued.code}/")

    for page in (unknown, elsewhere):
        assert page.status_code == 404
        assert b"No certificate has this code" in page.content
        assert b"Rhea" not in page.content


def test_a_certificate_is_revoked_once(world: World, issued: Certificate) -> None:
    with tenant_scope(world.acme.id):
        revoke_certificate(certificate_id=issued.id, reason="Wrong name", actor=SYSTEM, at=NOON)

        with pytest.raises(AlreadyRevoked):
            revoke_certificate(certificate_id=issued.id, reason="Again", actor=SYSTEM, at=NOON)

        issued.refresh_from_db()
        assert issued.revoked_reason == "Wrong name"
        assert Event.objects.filter(name="certificate.revoked").count() == 1


def test_the_holder_is_told_of_both(world: World, deliver: Callable[[], int]) -> None:
    with tenant_scope(world.acme.id):
        partner = a_partner()
        inside: dict[str, Any] = {"partner_id": partner.id, "partner_name": partner.name}
        user = a_member(world.acme, Role.PARTNER_REP, "rep@own.example", **inside)
        found = a_certificate(a_course(questions=1), a_learner(user, partner))
        revoke_certificate(certificate_id=found.id, reason="Wrong name", actor=SYSTEM, at=NOON)

    deliver()

    with tenant_scope(world.acme.id):
        kinds = list(Notice.objects.order_by("id").values_list("kind", "user_id"))
        assert kinds == [("certificate.issued", user.id), ("certificate.revoked", user.id)]


def test_what_an_applicant_learned_follows_the_person(acme: Tenant) -> None:
    application = Application.objects.create(
        program=a_program(), email="ann@new.example", link_hash="0" * 64
    )
    course = a_course(questions=1, open_to_applicants=True)
    applicant = Learner(None, application.id, None, "Ann Applicant", "en")
    found = a_certificate(course, applicant)
    partner, user = a_partner("New Partner"), a_person("ann@new.example")
    assert (found.partner_id, found.partner_name) == (None, "")

    moved = hand_over(
        application_id=application.id, user_id=user.id, partner_id=partner.id, at=NOON
    )
    again = hand_over(
        application_id=application.id, user_id=user.id, partner_id=partner.id, at=NOON
    )

    assert (moved, again) == (1, 0)
    taking = Taking.objects.get()
    assert (taking.user_id, taking.partner_id) == (user.id, partner.id)
    found.refresh_from_db()
    assert found.partner_id == partner.id
