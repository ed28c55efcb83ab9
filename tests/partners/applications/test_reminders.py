"""Whoever was invited and did not answer is reminded once, with the link that still works."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from prm.accounts.capabilities import Role
from prm.accounts.invitations import (
    InvitationUnusable,
    invite,
    remind_invited,
    resend_invitation,
    revoke_invitation,
    token_of,
    usable_invitation,
)
from prm.accounts.models import Invitation
from prm.events.services import Actor
from prm.notices.models import AccountMail
from prm.tenancy.scope import tenant_scope
from tests.conftest import World

DAY = timedelta(days=1)


@pytest.fixture
def invited(world: World, at: datetime) -> Invitation:
    with tenant_scope(world.acme.id):
        return invite(
            email="kim@larkfield.example",
            roles=[Role.CHANNEL_MANAGER],
            actor=Actor(user_id=world.admin.id, name="Ada"),
            at=at,
        )


def reminded(world: World, at: datetime) -> int:
    with tenant_scope(world.acme.id):
        return len(remind_invited(at=at))


def test_one_reminder_after_three_days(
    world: World, invited: Invitation, deliver: Any, at: datetime
) -> None:
    assert [reminded(world, at + days * DAY) for days in (2.9, 3, 3.1, 5)] == [0, 1, 0, 0]
    deliver()
    deliver()
    mails = AccountMail.objects.filter(to=invited.email).order_by("id")
    assert [mail.subject.startswith("Reminder:") for mail in mails] == [False, True]
    assert token_of(invited) in mails[1].text
    with tenant_scope(world.acme.id):
        assert usable_invitation(token_of(invited), at=at + 4 * DAY).id == invited.id


def test_nobody_is_reminded_of_what_is_over(
    world: World, invited: Invitation, at: datetime
) -> None:
    assert reminded(world, at + 8 * DAY) == 0
    with tenant_scope(world.acme.id):
        revoke_invitation(invitation_id=invited.id, actor=Actor(user_id=None), at=at)
    assert reminded(world, at + 4 * DAY) == 0


def test_sending_again_voids_the_old_link_and_counts_anew(
    world: World, invited: Invitation, at: datetime
) -> None:
    old = token_of(invited)
    assert reminded(world, at + 3 * DAY) == 1
    with tenant_scope(world.acme.id):
        again = resend_invitation(
            invitation_id=invited.id,
            actor=Actor(user_id=world.admin.id, name="Ada"),
            at=at + 4 * DAY,
        )
        with pytest.raises(InvitationUnusable, match="unknown"):
            usable_invitation(old, at=at + 4 * DAY)
        with pytest.raises(InvitationUnusable, match="expired"):
            usable_invitation(token_of(again), at=at + 11 * DAY)
    assert [reminded(world, at + days * DAY) for days in (6, 7, 8)] == [0, 1, 0]
