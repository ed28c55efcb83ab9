"""Versions are published once and never change; signatures keep the text; a new one asks again with its changes."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core import mail as post
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.utils import timezone
from pypdf import PdfReader

from commissions.plans.services import RuleTerms
from partners.agreements.models import Acceptance, AgreementVersion
from partners.agreements.paper import keep_copy
from partners.agreements.rules import text_hash
from partners.agreements.selectors import agreement_due
from partners.agreements.services import (
    NothingToPublish,
    NotToSign,
    TextChanged,
    publish_version,
    save_draft,
)
from partners.agreements.tasks import sweep_tenant, tell_unsigned
from partners.directory.models import Enrollment, EnrollmentState, Partner
from partners.onboarding.unlocks import FeatureLocked
from partners.programs.models import Program
from prm.accounts.capabilities import Role
from prm.accounts.models import User
from prm.events.models import Event
from prm.events.services import SYSTEM
from prm.notices.models import Mail, Notice
from prm.notices.sending import send_due
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from referrals.intake.services import submit_referral
from tests.builders.agreements import a_signature, an_agreement
from tests.builders.commissions import TWENTY_PERCENT, a_plan, a_won_deal
from tests.builders.partners import a_partner, a_program
from tests.builders.people import a_member
from tests.builders.referrals import a_draft
from tests.conftest import World, make_world

TERMS = """# Terms

{{ partner_legal_name }} of {{ partner_country }} earns under plan {{ plan_version }}:

{{ commission }}
"""


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


class Cast:
    """A program with an agreement, a partner with two people who have not signed."""

    def __init__(self, world: World) -> None:
        self.world = world
        with tenant_scope(world.acme.id):
            self.program: Program = a_program()
            a_plan(self.program)
            self.partner: Partner = a_partner(
                "Kestrel {{ commission }} <b>Co</b>",
                programs=(self.program,),
                legal_name="Kestrel **Ltd** {{ today }}",
                country="IE",
            )
            self.version = an_agreement(self.program, TERMS)
            self.boss = self.person(Role.PARTNER_ADMIN, "boss@kestrel.example", "Bea Boss")
            self.rep = self.person(Role.PARTNER_REP, "rep@kestrel.example", "Rob Rep")

    def person(self, role: Role, email: str, name: str) -> User:
        return a_member(
            self.world.acme,
            role,
            email,
            name=name,
            partner_id=self.partner.id,
            partner_name=self.partner.name,
        )

    @property
    def url(self) -> str:
        return f"/acme/agreement/{self.program.id}/"

    def post(self, client: Client, **facts: Any) -> Any:
        shown = client.get(self.url).context
        given = {
            "version": shown["version"].id,
            "digest": shown["shown"].digest if shown.get("shown") else "",
            "language": "en",
            "signer_name": "Bea Boss",
            "signer_title": "Director",
            "agreed": "on",
        }
        return client.post(
            self.url,
            {**given, **facts},
            headers={"user-agent": "Lynx/2.9"},
            REMOTE_ADDR="203.0.113.9",
        )


@pytest.fixture
def cast(world: World) -> Cast:
    return Cast(world)


def test_nothing_is_submitted_before_the_agreement_is_signed(
    cast: Cast, deliver: Callable[[], int]
) -> None:
    rep = signed_in(cast.rep)
    refused = rep.get("/acme/referrals/new/")
    with tenant_scope(cast.world.acme.id), pytest.raises(FeatureLocked):
        submit_referral(
            draft=a_draft(cast.program),
            partner_id=cast.partner.id,
            submitted_by_id=cast.rep.id,
            actor=SYSTEM,
            at=timezone.now(),
            key=None,
        )

    cast.post(signed_in(cast.boss))
    deliver()

    assert refused.status_code == 403
    assert "/acme/agreement/" in refused.text
    assert rep.get("/acme/referrals/new/").status_code == 200
    with tenant_scope(cast.world.acme.id):
        submit_referral(
            draft=a_draft(cast.program),
            partner_id=cast.partner.id,
            submitted_by_id=cast.rep.id,
            actor=SYSTEM,
            at=timezone.now(),
            key=None,
        )


def test_a_signature_keeps_who_when_whence_and_the_text_as_shown(cast: Cast) -> None:
    answer = cast.post(signed_in(cast.boss))

    with tenant_scope(cast.world.acme.id):
        kept = Acceptance.objects.get()
    assert answer.url == f"/acme/agreement/signed/{kept.id}/"
    assert (kept.signer_name, kept.signer_title, kept.user_id) == (
        "Bea Boss",
        "Director",
        cast.boss.id,
    )
    assert (kept.ip, kept.user_agent, kept.language) == ("203.0.113.9", "Lynx/2.9", "en")
    assert kept.text_hash == text_hash(kept.text)
    assert "20% of every payment of the customer" in kept.text
    assert kept.terms["plan_number"] == 1
    page = signed_in(cast.boss).get(answer.url)
    assert "Text and hash match" in page.text
    assert kept.text_hash[:8] in page.text


def test_a_partners_name_is_words_in_the_text_whatever_it_holds(cast: Cast) -> None:
    text = signed_in(cast.boss).get(cast.url).text

    assert "Kestrel **Ltd** {{ today }} of Ireland" in text
    assert "<b>Co</b>" not in text


def test_signing_twice_is_signing_once(cast: Cast) -> None:
    boss = signed_in(cast.boss)
    shown = boss.get(cast.url).context["shown"]
    first = cast.post(boss)
    again = cast.post(boss, digest=shown.digest, signer_name="Somebody Else")

    assert first.url == again.url
    with tenant_scope(cast.world.acme.id):
        assert Acceptance.objects.get().signer_name == "Bea Boss"
        assert Event.objects.filter(name="agreement.accepted").count() == 1


def test_a_rep_reads_the_text_and_who_can_sign_but_cannot(cast: Cast) -> None:
    rep = signed_in(cast.rep)
    page = rep.get(cast.url).text

    assert "of Ireland earns" in page
    assert "Bea Boss" in page
    assert 'name="signer_title"' not in page
    shown = signed_in(cast.boss).get(cast.url).context["shown"]
    refused = rep.post(
        cast.url,
        {
            "version": cast.version.id,
            "digest": shown.digest,
            "language": "en",
            "signer_name": "Rob",
            "signer_title": "Rep",
            "agreed": "on",
        },
    )
    assert refused.status_code == 403
    with tenant_scope(cast.world.acme.id):
        assert not Acceptance.objects.exists()


def test_what_was_not_shown_is_not_signed(cast: Cast) -> None:
    boss = signed_in(cast.boss)
    before = boss.get(cast.url).context["shown"].digest
    with tenant_scope(cast.world.acme.id):
        a_plan(cast.program, RuleTerms("won", "fixed", amount_minor=100), starts_at=timezone.now())
    answer = cast.post(boss, digest=before)

    assert answer.status_code == 422
    assert "The text has changed since you opened this page" in answer.text
    with tenant_scope(cast.world.acme.id):
        assert not Acceptance.objects.exists()
        with pytest.raises(TextChanged):
            a_signature(
                cast.version, cast.partner, cast.boss, at=timezone.now(), shown_hash="0" * 64
            )


@pytest.mark.parametrize("missing", ["signer_name", "signer_title", "agreed"])
def test_name_position_and_tick_are_asked_for(cast: Cast, missing: str) -> None:
    answer = cast.post(signed_in(cast.boss), **{missing: ""})

    assert answer.status_code == 422
    with tenant_scope(cast.world.acme.id):
        assert not Acceptance.objects.exists()


def test_nobody_signs_for_a_program_they_are_not_in(cast: Cast) -> None:
    with tenant_scope(cast.world.acme.id):
        other = an_agreement(a_program("Other"))
        with pytest.raises(NotToSign):
            a_signature(other, cast.partner, cast.boss)
    assert signed_in(cast.boss).get(f"/acme/agreement/{other.program_id}/").status_code == 404


def test_a_new_version_asks_again_says_what_changed_and_binds_after_its_notice(cast: Cast) -> None:
    now = timezone.now()
    cast.post(signed_in(cast.boss))
    with tenant_scope(cast.world.acme.id):
        second = an_agreement(
            cast.program,
            TERMS + "\nYou tell us within ten days.\n",
            at=now,
            notice_days=30,
            changes="Ten days to tell us.",
        )
        early = agreement_due(cast.partner.id, cast.program.id, now + timedelta(days=29))
        late = agreement_due(cast.partner.id, cast.program.id, now + timedelta(days=31))
    page = signed_in(cast.boss).get(cast.url)

    assert early
    assert late
    assert (early.version.id, early.blocking, late.blocking) == (second.id, False, True)
    assert "Ten days to tell us." in page.text
    assert '<ins><span class="vh">Added: </span>You tell us within ten days.</ins>' in page.text
    assert "Your earnings do not change" in page.text
    assert signed_in(cast.rep).get("/acme/referrals/new/").status_code == 200
    cast.post(signed_in(cast.boss))
    with tenant_scope(cast.world.acme.id):
        assert agreement_due(cast.partner.id, cast.program.id, now + timedelta(days=31)) is None


def test_says_what_a_new_plan_would_have_meant_for_the_partners_own_year(cast: Cast) -> None:
    now = timezone.now()
    cast.post(signed_in(cast.boss))
    with tenant_scope(cast.world.acme.id):
        a_won_deal(
            now - timedelta(days=20), deal_minor=100_000, partner=cast.partner, program=cast.program
        )
        a_won_deal(
            now - timedelta(days=400),
            deal_minor=900_000,
            partner=cast.partner,
            program=cast.program,
            company="Too long ago",
        )
        a_plan(
            cast.program,
            TWENTY_PERCENT,
            RuleTerms("won", "fixed", amount_minor=5_000),
            starts_at=now,
        )
        an_agreement(cast.program, TERMS + "\nNew.\n", at=now)

    effect = signed_in(cast.boss).get(cast.url).context["effect"]

    assert (effect.from_number, effect.to_number, effect.is_same) == (1, 2, False)
    assert (effect.before.minor, effect.after.minor, effect.difference.minor) == (
        20_000,
        25_000,
        5_000,
    )
    assert "effect" not in signed_in(cast.rep).get(cast.url).context


def test_a_published_version_is_never_changed_nor_removed(cast: Cast) -> None:
    for sql in (
        "update partners_agreement_version set texts = '{}' where id = %s",
        "delete from partners_agreement_version where id = %s",
    ):
        with (
            tenant_scope(cast.world.acme.id),
            pytest.raises(DatabaseError, match="never changes"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(sql, [cast.version.id])


@pytest.mark.parametrize(
    "sql",
    [
        "update partners_acceptance set text = 'other' where id = %s",
        "update partners_acceptance set signer_name = 'other' where id = %s",
        "delete from partners_acceptance where id = %s",
    ],
)
def test_a_signature_is_never_changed_nor_removed(
    acme: Tenant, cast_signed: Acceptance, sql: str
) -> None:
    with (
        pytest.raises(DatabaseError, match=r"refused|denied"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql, [cast_signed.id])


@pytest.fixture
def cast_signed(acme: Tenant, world: World) -> Acceptance:
    program = a_program()
    partner = a_partner(programs=(program,))
    boss = a_member(
        acme, Role.PARTNER_ADMIN, "b@b.example", partner_id=partner.id, partner_name=partner.name
    )
    return a_signature(an_agreement(program), partner, boss)


def test_a_version_that_changes_nothing_or_says_nothing_is_not_published(
    acme: Tenant, at: datetime
) -> None:
    program = a_program()
    an_agreement(program)
    same = an_agreement(program, publish=False)
    with pytest.raises(NothingToPublish):
        publish_version(version_id=same.id, actor=SYSTEM, at=at)
    silent = an_agreement(program, "Other words", changes="", publish=False)
    with pytest.raises(NothingToPublish):
        publish_version(version_id=silent.id, actor=SYSTEM, at=at)

    assert AgreementVersion.objects.filter(number__gt=0).count() == 1


def test_publishing_again_returns_the_published_one(acme: Tenant, at: datetime) -> None:
    version = an_agreement(a_program())
    again = publish_version(version_id=version.id, actor=SYSTEM, at=at)

    assert (again.number, again.published_at) == (1, version.published_at)
    assert Event.objects.filter(name="agreement.published").count() == 1


def test_the_first_version_binds_at_once_the_second_after_its_notice(
    acme: Tenant, at: datetime
) -> None:
    program = a_program()
    first = an_agreement(program, at=at)
    second = an_agreement(program, "Other", at=at, notice_days=14)

    assert first.binding_from == at
    assert second.binding_from == at + timedelta(days=14)


@pytest.mark.race
def test_two_who_publish_or_sign_at_once_do_it_once(real_database: str) -> None:
    world = make_world()
    with tenant_scope(world.acme.id):
        program = a_program()
        partner = a_partner(programs=(program,))
        boss = a_member(
            world.acme,
            Role.PARTNER_ADMIN,
            "b@b.example",
            partner_id=partner.id,
            partner_name=partner.name,
        )
        draft = an_agreement(program, publish=False)

    def publishes(_turn: int) -> int:
        try:
            with tenant_scope(world.acme.id):
                return publish_version(version_id=draft.id, actor=SYSTEM, at=timezone.now()).number
        finally:
            connection.close()

    def signs(_turn: int) -> Any:
        try:
            with tenant_scope(world.acme.id):
                version = AgreementVersion.objects.get(number=1)
                return a_signature(version, partner, boss, at=timezone.now()).id
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as pool:
        numbers = list(pool.map(publishes, range(3)))
        signatures = set(pool.map(signs, range(3)))

    assert numbers == [1, 1, 1]
    assert len(signatures) == 1
    with tenant_scope(world.acme.id):
        assert Event.objects.filter(name="agreement.published").count() == 1
        assert Event.objects.filter(name="agreement.accepted").count() == 1


def test_an_approved_enrolment_becomes_active_when_signed(
    cast: Cast, deliver: Callable[[], int]
) -> None:
    with tenant_scope(cast.world.acme.id):
        Enrollment.objects.update(state=EnrollmentState.APPROVED)
    cast.post(signed_in(cast.boss))
    deliver()

    with tenant_scope(cast.world.acme.id):
        assert Enrollment.objects.get().state == EnrollmentState.ACTIVE


@pytest.fixture
def private(settings: Any, tmp_path: Path) -> Path:
    """Keep private files in a folder of the test's own."""
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {**settings.STORAGES["default"], "OPTIONS": {"location": str(tmp_path)}},
    }
    return tmp_path


@pytest.mark.usefixtures("private")
def test_the_copy_names_both_sides_and_the_hash_and_goes_to_the_signers(
    cast: Cast, deliver: Callable[[], int]
) -> None:
    with tenant_scope(cast.world.acme.id):
        Tenant.objects.filter(id=cast.world.acme.id).update(legal_name="Acme Holding B.V.")
    boss = signed_in(cast.boss)
    cast.post(boss)
    deliver()
    with tenant_scope(cast.world.acme.id):
        kept = Acceptance.objects.get()
    waiting = boss.get(f"/acme/agreement/signed/{kept.id}/pdf/")
    with tenant_scope(cast.world.acme.id):
        keep_copy(kept.id, at=timezone.now())
        keep_copy(kept.id, at=timezone.now())
    deliver()
    answer = boss.get(f"/acme/agreement/signed/{kept.id}/pdf/")
    text = " ".join(page.extract_text() for page in PdfReader(BytesIO(answer.getvalue())).pages)

    assert waiting.status_code == 202
    assert answer["Content-Disposition"].startswith("attachment")
    words = " ".join(text.split())
    assert "Acme Holding B.V." in words
    assert "Kestrel **Ltd** {{ today }}" in words
    assert kept.text_hash in words.replace(" ", "")
    assert "203.0.113.9" in words
    with tenant_scope(cast.world.acme.id):
        mails = list(Mail.objects.filter(kind="agreement.copy").values_list("to", flat=True))
        body = Mail.objects.get(kind="agreement.copy").text
    assert mails == ["boss@kestrel.example"]
    assert f"/acme/agreement/signed/{kept.id}/" in body


def test_the_copy_goes_with_the_mail_also_when_its_file_was_lost(
    cast: Cast, deliver: Callable[[], int], private: Path
) -> None:
    cast.post(signed_in(cast.boss))
    deliver()
    with tenant_scope(cast.world.acme.id):
        kept = Acceptance.objects.get()
        keep_copy(kept.id, at=timezone.now())
    deliver()
    next(private.rglob("*.pdf")).unlink()

    send_due(cast.world.acme.id)

    outbox: list[Any] = post.outbox
    sent = [mail for mail in outbox if "Your copy" in mail.subject]
    assert [mail.to for mail in sent] == [["boss@kestrel.example"]]
    [(name, content, kind)] = sent[0].attachments
    assert name.startswith(f"agreement-{cast.program.slug}-v1-Kestrel-")
    assert kind == "application/pdf"
    words = "".join(page.extract_text() for page in PdfReader(BytesIO(content)).pages)
    assert kept.text_hash in "".join(words.split())


def test_the_copy_of_another_partner_is_not_given_out(cast: Cast) -> None:
    url = cast.post(signed_in(cast.boss)).url
    with tenant_scope(cast.world.acme.id):
        other = a_partner("Other")
        stranger = a_member(
            cast.world.acme,
            Role.PARTNER_ADMIN,
            "x@other.example",
            partner_id=other.id,
            partner_name="Other",
        )

    assert signed_in(stranger).get(url).status_code == 404
    assert signed_in(stranger).get(f"{url}pdf/").status_code == 404
    assert signed_in(cast.world.manager).get(url).status_code == 200


def test_signers_are_asked_once_and_reminded_once_before_it_binds(cast: Cast) -> None:
    now = timezone.now()
    cast.post(signed_in(cast.boss))
    with tenant_scope(cast.world.acme.id):
        second = an_agreement(cast.program, "Other words", at=now, notice_days=30)
    tenant_id = cast.world.acme.id

    for _turn in range(2):
        tell_unsigned(tenant_id, second.id, kind="agreement.published", at=now)
        sweep_tenant(tenant_id, at=now + timedelta(days=22))
    with tenant_scope(tenant_id):
        early = list(Notice.objects.values_list("user_id", "kind"))
    for _turn in range(2):
        sweep_tenant(tenant_id, at=now + timedelta(days=24))
    with tenant_scope(tenant_id):
        kinds = list(Notice.objects.order_by("id").values_list("user_id", "kind"))

    assert early == [(cast.boss.id, "agreement.published")]
    assert kinds == [*early, (cast.boss.id, "agreement.reminded")]


def test_the_vendor_writes_compares_publishes_and_sees_who_has_not_signed(
    cast: Cast, deliver: Callable[[], int]
) -> None:
    admin, manager = signed_in(cast.world.admin), signed_in(cast.world.manager)
    base = f"/acme/manage/programs/{cast.program.id}/agreement/"
    bad = admin.post(f"{base}draft/", {"text_en": "For {{ nonsense }}", "notice_days": "30"})
    saved = admin.post(
        f"{base}draft/",
        {"text_en": f"{TERMS}\nNew.", "changes_en": "A new line.", "notice_days": "14"},
    )
    preview = admin.get(f"{saved['Location']}?partner={cast.partner.id}")
    unseen = signed_in(cast.boss).get(cast.url).context["version"].number
    admin.post(f"{saved['Location']}publish/")
    waiting = manager.get(f"{base}signatures/?state=waiting")
    manager.post(f"{base}remind/")
    deliver()

    assert bad.status_code == 422
    assert "These fields are not known: “nonsense”" in bad.text
    assert "Kestrel **Ltd** {{ today }} of Ireland" in preview.text
    assert '<ins><span class="vh">Added: </span>New.</ins>' in preview.text
    assert unseen == 1
    assert "Not signed" in waiting.text
    assert "Kestrel" in waiting.text
    assert admin.post(f"{base}draft/discard/").status_code == 303
    with tenant_scope(cast.world.acme.id):
        assert AgreementVersion.objects.get(number=2).notice_days == 14
        assert Mail.objects.filter(kind="agreement.reminded").count() == 1
    cast.post(signed_in(cast.boss))
    assert "Everybody has signed" in manager.get(f"{base}signatures/?state=waiting").text


def test_a_draft_saved_again_writes_nothing(acme: Tenant, at: datetime) -> None:
    program = a_program()
    for _turn in range(2):
        save_draft(
            program_id=program.id, texts={"en": "A"}, changes={}, notice_days=3, actor=SYSTEM, at=at
        )

    assert Event.objects.filter(name="agreement.drafted").count() == 1
