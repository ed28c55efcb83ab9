"""An invitation opens one place, once, within seven days, for the address it was sent to."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier

import pytest
from allauth.account.models import EmailAddress
from django.db import connection, connections

from prm.accounts.capabilities import Role
from prm.accounts.invitations import (
    InvitationUnusable,
    WrongAddress,
    accept_invitation,
    invite,
    resend_invitation,
    revoke_invitation,
    token_of,
    usable_invitation,
)
from prm.accounts.models import Invitation, Membership
from prm.accounts.rules import INVITATION_LIFE
from prm.accounts.services import (
    AlreadyMember,
    RolesDoNotFit,
    end_membership,
)
from prm.events.models import Event
from prm.events.services import Actor
from prm.notices.models import AccountMail
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from tests.builders.accounts import an_invitation
from tests.builders.people import a_member, a_person
from tests.conftest import NOON, World, make_world


def refused(token: str, email: str, at: datetime) -> str:
    """Try to accept and return the reason of the refusal."""
    with pytest.raises(InvitationUnusable) as problem:
        accept_invitation(token=token, user=a_person(email), at=at)
    return problem.value.reason


def test_accepting_gives_the_place_that_was_offered(acme: Tenant, at: datetime) -> None:
    invitation = an_invitation(
        email="Nora@Velden.example ", roles=[Role.FINANCE, Role.CHANNEL_MANAGER]
    )

    place = accept_invitation(
        token=token_of(invitation), user=a_person("nora@velden.example"), at=at
    )

    assert (place.tenant_id, place.partner_id, place.roles) == (
        acme.id,
        None,
        ["channel_manager", "finance"],
    )
    assert list(Event.objects.order_by("id").values_list("name", flat=True)) == [
        "invitation.sent",
        "invitation.accepted",
        "membership.started",
    ]


def test_a_link_works_once(acme: Tenant, at: datetime) -> None:
    token = token_of(an_invitation(email="nora@velden.example"))
    accept_invitation(token=token, user=a_person("nora@velden.example"), at=at)

    assert refused(token, "nora@velden.example", at) == "used"
    assert Event.objects.filter(name="invitation.accepted").count() == 1


@pytest.mark.parametrize(
    ("after", "reason"),
    [
        pytest.param(INVITATION_LIFE, "expired", id="seven days to the microsecond"),
        pytest.param(timedelta(days=30), "expired", id="a month"),
    ],
)
def test_a_link_expires(acme: Tenant, after: timedelta, reason: str) -> None:
    token = token_of(an_invitation(email="nora@velden.example"))

    assert refused(token, "nora@velden.example", NOON + after) == reason
    assert not Membership.objects.filter(user__email="nora@velden.example").exists()


def test_a_link_works_until_the_last_moment(acme: Tenant) -> None:
    token = token_of(an_invitation(email="nora@velden.example"))

    assert (
        usable_invitation(token, at=NOON + INVITATION_LIFE - timedelta(microseconds=1)).email
        == "nora@velden.example"
    )


def test_another_address_cannot_accept(acme: Tenant, at: datetime) -> None:
    token = token_of(an_invitation(email="nora@velden.example"))

    with pytest.raises(WrongAddress):
        accept_invitation(token=token, user=a_person("eve@velden.example"), at=at)

    assert not Membership.objects.filter(user__email="eve@velden.example").exists()
    assert usable_invitation(token, at=at).accepted_at is None


def test_an_unproved_address_cannot_accept(acme: Tenant, at: datetime) -> None:
    token = token_of(an_invitation(email="nora@velden.example"))
    nora = a_person("nora@velden.example")
    EmailAddress.objects.filter(user=nora).update(verified=False)

    with pytest.raises(WrongAddress):
        accept_invitation(token=token, user=nora, at=at)


def test_sending_again_voids_the_link_before(acme: Tenant, at: datetime) -> None:
    invitation = an_invitation(email="nora@velden.example")
    before = token_of(invitation)

    again = resend_invitation(
        invitation_id=invitation.id, actor=Actor(user_id=None), at=at + timedelta(days=6)
    )

    assert refused(before, "nora@velden.example", at + timedelta(days=6)) == "unknown"
    assert usable_invitation(token_of(again), at=at + timedelta(days=12)).id == invitation.id


def test_inviting_an_address_again_replaces_the_waiting_offer(acme: Tenant, at: datetime) -> None:
    first = an_invitation(email="nora@velden.example", roles=[Role.FINANCE])

    second = an_invitation(
        email="nora@velden.example", roles=[Role.PROGRAM_ADMIN], at=at + timedelta(hours=1)
    )

    assert second.id == first.id
    assert Invitation.objects.get().roles == ["program_admin"]


def test_a_revoked_link_is_dead_and_a_repeat_tells_nobody_twice(acme: Tenant, at: datetime) -> None:
    invitation = an_invitation(email="nora@velden.example")
    for _ in range(2):
        revoke_invitation(invitation_id=invitation.id, actor=Actor(user_id=None), at=at)

    assert refused(token_of(invitation), "nora@velden.example", at) == "revoked"
    assert Event.objects.filter(name="invitation.revoked").count() == 1


def test_a_link_dies_with_the_inviters_right(world: World, acme: Tenant, at: datetime) -> None:
    second = a_member(acme, Role.PROGRAM_ADMIN, "second-admin@acme.example")
    token = token_of(an_invitation(email="nora@velden.example", actor=Actor(user_id=second.id)))
    assert usable_invitation(token, at=at).accepted_at is None

    place = Membership.objects.get(user=second)
    end_membership(
        membership_id=place.id,
        tenant_id=acme.id,
        partner_id=None,
        actor=Actor(user_id=world.admin.id),
        at=at,
    )

    assert refused(token, "nora@velden.example", at) == "revoked"


def test_a_manager_cannot_bring_staff_through_an_invitation(
    world: World, acme: Tenant, at: datetime
) -> None:
    token = token_of(
        an_invitation(email="nora@velden.example", actor=Actor(user_id=world.manager.id))
    )

    assert refused(token, "nora@velden.example", at) == "revoked"


def test_a_link_of_one_tenant_opens_nothing_in_another(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        token = token_of(an_invitation(email="nora@velden.example"))

    with tenant_scope(world.globex.id):
        assert refused(token, "nora@velden.example", at) == "unknown"


def test_somebody_who_works_there_is_not_invited(world: World, acme: Tenant) -> None:
    with pytest.raises(AlreadyMember):
        an_invitation(email=world.manager.email)

    assert (Invitation.objects.count(), Event.objects.count()) == (0, 0)


@pytest.mark.parametrize(
    "roles", [[], [Role.PARTNER_REP], [Role.FINANCE, Role.PARTNER_ADMIN], ["owner"]]
)
def test_roles_must_fit_the_place(acme: Tenant, at: datetime, roles: list[str]) -> None:
    with pytest.raises(RolesDoNotFit):
        invite(email="nora@velden.example", roles=roles, actor=Actor(user_id=None), at=at)


def test_the_secret_lies_nowhere_in_the_database(acme: Tenant) -> None:
    token = token_of(an_invitation(email="nora@velden.example"))

    with connection.cursor() as cursor:
        cursor.execute(
            "select to_jsonb(i)::text from prm_invitation i union all select to_jsonb(e)::text from prm_event e"
        )
        rows = " ".join(row[0] for row in cursor.fetchall())
    assert token not in rows
    assert len(token) == 27


def test_the_worker_mails_the_link_in_the_language_of_the_invited(
    world: World, deliver: Callable[[], int]
) -> None:
    Tenant.objects.filter(id=world.acme.id).update(
        mail_sender="Acme partners", reply_to="help@acme.example"
    )
    with tenant_scope(world.acme.id):
        token = token_of(
            an_invitation(
                email="nora@velden.example", name="Nora", actor=Actor(user_id=world.admin.id)
            )
        )

    deliver()

    mail = AccountMail.objects.get()
    assert (mail.to, mail.sender, mail.reply_to) == (
        "nora@velden.example",
        "Acme partners",
        "help@acme.example",
    )
    assert f"/acme/invitations/{token}/" in mail.text
    assert f"/acme/invitations/{token}/" in mail.html
    assert "Ada Admin" in mail.text


def test_an_invitation_sent_twice_before_the_worker_comes_is_mailed_once(
    world: World, deliver: Callable[[], int]
) -> None:
    with tenant_scope(world.acme.id):
        first = an_invitation(email="nora@velden.example")
        again = resend_invitation(
            invitation_id=first.id, actor=Actor(user_id=None), at=NOON + timedelta(minutes=1)
        )

    deliver()

    assert [token_of(again) in mail.text for mail in AccountMail.objects.all()] == [True]


@pytest.mark.race
def test_ten_at_once_give_one_place(real_database: str) -> None:
    world = make_world()
    nora = a_person("nora@velden.example")
    with tenant_scope(world.acme.id):
        token = token_of(an_invitation(email=nora.email))
    together = Barrier(10)

    def try_once(_: int) -> str:
        try:
            together.wait(10)
            with tenant_scope(world.acme.id):
                accept_invitation(token=token, user=nora, at=NOON)
        except InvitationUnusable as problem:
            return problem.reason
        finally:
            connections.close_all()
        return "accepted"

    with ThreadPoolExecutor(10) as pool:
        answers = sorted(pool.map(try_once, range(10)))

    assert answers == ["accepted", *["used"] * 9]
    with tenant_scope(world.acme.id):
        assert Event.objects.filter(name="membership.started").count() == 1
    assert Membership.objects.filter(user=nora).count() == 1
