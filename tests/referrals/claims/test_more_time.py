"""More time for a protected company: asked with what shows the work, answered once, told; or given up."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from prm.accounts.models import User
from prm.events.models import Event
from prm.events.services import SYSTEM
from prm.money import Money
from prm.notices.models import Mail
from prm.tenancy.scope import tenant_scope
from prm.uploads.models import Upload
from referrals.claims.extending import (
    AnswerRequired,
    AskedAlready,
    EvidenceRequired,
    NoMoreExtensions,
    ask_extension,
    decide_extension,
)
from referrals.claims.models import Claim, ClaimEnd, ClaimExtension, ClaimKey, ExtensionState
from referrals.claims.services import NoOpenClaim, warn_of_ends
from referrals.pipeline.models import Referral
from referrals.revenue.services import win_referral
from tests.builders.claims import an_extension
from tests.builders.referrals import People, a_partner, a_referral, people_of, stage_of
from tests.builders.uploads import PDF
from tests.conftest import World

SIGN_IN = "allauth.account.auth_backends.AuthenticationBackend"
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Held:
    """A company that a rep's partner protects since a moment ago."""

    world: World
    team: People
    referral: Referral

    @property
    def path(self) -> str:
        return f"/acme/referrals/{self.referral.id}/"

    @property
    def end(self) -> Any:
        assert self.referral.protected_until is not None
        return self.referral.protected_until

    def claim(self) -> Claim:
        with tenant_scope(self.world.acme.id):
            return Claim.objects.get(referral_id=self.referral.id)


@pytest.fixture
def held(world: World) -> Held:
    with tenant_scope(world.acme.id):
        team = people_of(world.acme)
        referral = a_referral(timezone.now(), partner=team.partner, by=team.rep, stage="accepted")
    return Held(world, team, referral)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend=SIGN_IN)
    return client


def pdf(content: bytes = PDF) -> SimpleUploadedFile:
    return SimpleUploadedFile("offer.pdf", content, "application/pdf")


def given_out(answer: Any) -> bytes | None:
    """Return the file of an answer, None when it is not found."""
    if answer.status_code == 404:
        return None
    return b"".join(answer.streaming_content)


def subjects(world: World, email: str, kind: str) -> list[str]:
    with tenant_scope(world.acme.id):
        mails = Mail.objects.filter(to=email, kind=kind).order_by("id")
        return list(mails.values_list("subject", flat=True))


def test_asked_with_a_file_granted_and_told(held: Held, deliver: Callable[[], int]) -> None:
    rep, manager = signed_in(held.team.rep), signed_in(held.world.manager)
    sent = {"evidence": "Offer of 3 November", "file": pdf()}

    asked = rep.post(f"{held.path}more-time/", sent)
    deliver()
    with tenant_scope(held.world.acme.id):
        row = ClaimExtension.objects.get()
        upload = Upload.objects.get()
        assert row.upload_id == upload.id
    page = manager.get(f"/acme/manage/extensions/{row.id}/").content.decode()
    files = [
        given_out(client.get(f"/acme/referrals/extensions/{row.id}/file/"))
        for client in (rep, manager, signed_in(held.team.colleague))
    ]
    answer = manager.post(f"/acme/manage/extensions/{row.id}/", {"do": "grant", "answer": "Well"})
    deliver()

    assert (asked.status_code, answer.status_code) == (303, 303)
    assert (upload.partner_id, upload.purpose) == (held.team.partner.id, "claims.evidence")
    assert "Offer of 3 November" in page
    assert files == [PDF, PDF, None]
    assert held.claim().protected_until == held.end + 60 * DAY
    with tenant_scope(held.world.acme.id):
        assert Referral.objects.get().protected_until == held.end + 60 * DAY
        event = Event.objects.get(name="claim.extended")
    assert event.payload["until"] == (held.end + 60 * DAY).isoformat()
    assert subjects(held.world, held.world.manager.email, "claim.extension_asked") == [
        "Brightwater asks for more time for Kestrel Logistics"
    ]
    assert subjects(held.world, held.team.rep.email, "claim.extended") == [
        "You have more time for Kestrel Logistics"
    ]
    assert "Granted" in rep.get(held.path).content.decode()


def test_a_refusal_needs_words_and_leaves_the_end(held: Held, deliver: Callable[[], int]) -> None:
    with tenant_scope(held.world.acme.id):
        row = an_extension(held.referral, timezone.now())
    manager, path = signed_in(held.world.manager), f"/acme/manage/extensions/{row.id}/"

    silent = manager.post(path, {"do": "refuse", "answer": " "})
    said = manager.post(path, {"do": "refuse", "answer": "Nobody there knows you"})
    deliver()

    assert (silent.status_code, said.status_code) == (422, 303)
    assert "Say why not" in silent.content.decode()
    assert held.claim().protected_until == held.end
    assert subjects(held.world, held.team.rep.email, "claim.extended") == [
        "No more time for Kestrel Logistics"
    ]
    with tenant_scope(held.world.acme.id):
        mail = Mail.objects.get(kind="claim.extended")
    assert "Nobody there knows you" in mail.text
    assert "Nobody there knows you" in signed_in(held.team.rep).get(held.path).content.decode()


def test_a_file_of_another_kind_is_refused_at_its_field(held: Held) -> None:
    rep = signed_in(held.team.rep)

    answer = rep.post(
        f"{held.path}more-time/", {"evidence": "Meeting", "file": pdf(b"MZ not a PDF")}
    )

    assert answer.status_code == 422
    assert "This kind of file is not taken here" in answer.content.decode()
    assert "Meeting" in answer.content.decode()
    with tenant_scope(held.world.acme.id):
        assert not ClaimExtension.objects.exists()
        assert not Upload.objects.exists()


def test_nothing_to_show_is_refused_at_its_field(held: Held) -> None:
    answer = signed_in(held.team.rep).post(f"{held.path}more-time/", {"evidence": "  "})

    assert answer.status_code == 422
    assert "Say what you have done so far" in answer.content.decode()
    with tenant_scope(held.world.acme.id), pytest.raises(EvidenceRequired):
        an_extension(held.referral, timezone.now(), evidence="  ")


def test_one_request_at_a_time_and_so_many_in_all(held: Held) -> None:
    now = timezone.now()
    with tenant_scope(held.world.acme.id):
        for _ in range(2):
            asked = an_extension(held.referral, now)
            with pytest.raises(AskedAlready):
                an_extension(held.referral, now)
            decide_extension(extension_id=asked.id, granted=True, answer="", actor=SYSTEM, at=now)
        with pytest.raises(NoMoreExtensions):
            an_extension(held.referral, now)

    assert held.claim().protected_until == held.end + 120 * DAY
    refused = signed_in(held.team.rep).post(f"{held.path}more-time/", {"evidence": "x"})
    assert refused.status_code == 303
    with tenant_scope(held.world.acme.id):
        assert ClaimExtension.objects.count() == 2


def test_a_second_answer_changes_nothing(held: Held) -> None:
    now = timezone.now()
    with tenant_scope(held.world.acme.id):
        row = an_extension(held.referral, now)
        with pytest.raises(AnswerRequired):
            decide_extension(extension_id=row.id, granted=False, answer="", actor=SYSTEM, at=now)
        for granted in (True, False, True):
            decide_extension(
                extension_id=row.id, granted=granted, answer="So", actor=SYSTEM, at=now
            )
        names = Event.objects.filter(name__startswith="claim.ext").values_list("name", flat=True)
        assert sorted(names) == ["claim.extended", "claim.extension_asked"]
        assert ClaimExtension.objects.get().state == ExtensionState.GRANTED

    assert held.claim().protected_until == held.end + 60 * DAY


def test_what_has_ended_is_not_extended(held: Held) -> None:
    with tenant_scope(held.world.acme.id):
        row = an_extension(held.referral, timezone.now())
        decide: dict[str, Any] = {"extension_id": row.id, "actor": SYSTEM, "at": held.end}
        with pytest.raises(NoOpenClaim):
            decide_extension(granted=True, answer="", **decide)
        assert ClaimExtension.objects.get().state == ExtensionState.ASKED
        decide_extension(granted=False, answer="Too late", **decide)
        with pytest.raises(NoOpenClaim):
            ask_extension(
                referral_id=held.referral.id,
                evidence="x",
                upload_id=None,
                actor=SYSTEM,
                at=held.end,
            )


def test_the_page_says_that_it_ended_in_the_meantime(held: Held) -> None:
    with tenant_scope(held.world.acme.id):
        row = an_extension(held.referral, timezone.now())
    signed_in(held.team.rep).post(f"{held.path}give-up/")

    answer = signed_in(held.world.manager).post(
        f"/acme/manage/extensions/{row.id}/", {"do": "grant"}
    )

    assert answer.status_code == 422
    assert "The protection has ended in the meantime" in answer.content.decode()


def test_a_customer_is_not_said_to_be_free_for_others(held: Held) -> None:
    rep, words = signed_in(held.team.rep), "Nobody else may bring this company until"
    before = rep.get(held.path).content.decode()
    with tenant_scope(held.world.acme.id):
        win_referral(
            referral_id=held.referral.id,
            to_stage_id=stage_of(held.referral.program_id, "won").id,
            deal=Money(100_000, "EUR"),
            actor=SYSTEM,
            at=timezone.now(),
        )

    after = rep.get(held.path).content.decode()

    assert words in before
    assert words not in after
    assert "has been free for others since" not in after


def test_the_new_end_is_warned_of_anew(held: Held) -> None:
    with tenant_scope(held.world.acme.id):
        before = warn_of_ends(at=held.end - 10 * DAY)
        row = an_extension(held.referral, held.end - 10 * DAY)
        decide_extension(
            extension_id=row.id, granted=True, answer="", actor=SYSTEM, at=held.end - 9 * DAY
        )
        told = [warn_of_ends(at=held.end + days * DAY) for days in (0, 50)]

    assert (before, told) == (1, [0, 1])


def test_giving_up_asks_once_and_frees_company_and_place(held: Held) -> None:
    rep = signed_in(held.team.rep)

    question = rep.get(f"{held.path}give-up/")
    assert question.status_code == 200
    assert held.claim().ended_at is None
    answers = [rep.post(f"{held.path}give-up/").status_code for _ in range(2)]

    assert answers == [303, 303]
    row = held.claim()
    assert row.ended_why == ClaimEnd.GIVEN_UP
    with tenant_scope(held.world.acme.id):
        assert not ClaimKey.objects.filter(ended_at=None).exists()
        assert Event.objects.filter(name="claim.released").count() == 1
        mine = Referral.objects.get()
        assert (mine.stage_kind, mine.protected_until) == ("accepted", row.ended_at)
        later = a_referral(
            timezone.now(),
            partner=a_partner("Solea"),
            contact_email=mine.contact_email,
            stage="accepted",
        )
        assert Claim.objects.open().get().referral_id == later.id
