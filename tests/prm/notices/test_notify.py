"""notify tells one person once, in the portal and by mail as they prefer, in their own language."""

from datetime import datetime

import pytest

from prm.accounts.capabilities import Role
from prm.accounts.models import Membership, User
from prm.notices.models import Mail, Notice
from prm.notices.services import set_preferences
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from tests.builders.notices import tell
from tests.builders.partners import a_partner
from tests.builders.people import a_member
from tests.conftest import World


def test_writes_a_notice_and_a_mail_with_the_tenant_as_sender(
    acme: Tenant, world: World, at: datetime
) -> None:
    Tenant.objects.filter(id=acme.id).update(reply_to="hello@acme.example")

    notice = tell(world.manager, at)

    mail = Mail.objects.get()
    assert notice is not None
    assert (notice.user_id, notice.kind, notice.path, notice.created_at) == (
        world.manager.id,
        "test.moved",
        "referrals/7/",
        at,
    )
    assert (mail.to, mail.sender, mail.reply_to) == (
        "manager@acme.example",
        "Acme",
        "hello@acme.example",
    )
    assert mail.subject == "Kestrel & Co <b> moved"
    assert "/acme/referrals/7/" in mail.text
    assert "/acme/updates/stop/" in mail.text
    assert "Kestrel &amp; Co &lt;b&gt; moved</h1>" in mail.html


def test_styles_are_inlined_and_the_sheet_for_dark_mode_stays(
    acme: Tenant, world: World, at: datetime
) -> None:
    tell(world.manager, at)

    html = Mail.objects.get().html

    assert 'class="ink" style=' in html
    assert html.count("<style") == 1
    assert "prefers-color-scheme: dark" in html
    assert "!important" not in html.partition("</head>")[2]


def test_the_same_key_tells_the_same_person_once(acme: Tenant, world: World, at: datetime) -> None:
    first, again = tell(world.manager, at), tell(world.manager, at)

    assert first == again
    assert (Notice.objects.count(), Mail.objects.count()) == (1, 1)


def test_the_same_key_tells_another_person_too(acme: Tenant, world: World, at: datetime) -> None:
    tell(world.manager, at)
    tell(world.finance, at)

    assert set(Mail.objects.values_list("to", flat=True)) == {
        "manager@acme.example",
        "finance@acme.example",
    }


def test_speaks_the_recipients_language(acme: Tenant, world: World, at: datetime) -> None:
    User.objects.filter(id=world.manager.id).update(language="it")

    tell(world.manager, at)

    mail = Mail.objects.get()
    assert mail.language == "it"
    assert '<html lang="it"' in mail.html


@pytest.mark.parametrize(
    ("kind", "choice", "reached"),
    [
        pytest.param("test.moved", None, (1, 1), id="the default sends"),
        pytest.param("test.quiet", None, (0, 1), id="a quiet kind does not"),
        pytest.param("test.moved", (False, True), (0, 1), id="mail turned off"),
        pytest.param("test.moved", (False, False), (0, 0), id="all turned off"),
        pytest.param("test.quiet", (True, True), (1, 1), id="a quiet kind turned on"),
        pytest.param("test.paid", (False, False), (1, 1), id="a mandatory kind ignores the choice"),
    ],
)
@pytest.mark.usefixtures("acme")
def test_heeds_preferences(
    world: World,
    at: datetime,
    kind: str,
    choice: tuple[bool, bool] | None,
    reached: tuple[int, int],
) -> None:
    if choice:
        set_preferences(user_id=world.manager.id, choices={kind: choice})

    tell(world.manager, at, kind=kind)

    assert (Mail.objects.count(), Notice.objects.count()) == reached


def test_a_mandatory_mail_has_no_link_to_stop_it(acme: Tenant, world: World, at: datetime) -> None:
    tell(world.manager, at, kind="test.paid")

    assert "/updates/stop/" not in Mail.objects.get().text


def test_who_has_left_is_not_told(acme: Tenant, world: World, at: datetime) -> None:
    Membership.objects.filter(user=world.manager).update(ended_at=at)

    assert tell(world.manager, at) is None
    assert not Mail.objects.exists()


def test_a_stranger_to_the_tenant_is_not_told(acme: Tenant, world: World, at: datetime) -> None:
    assert tell(world.stranger, at) is None
    assert not Mail.objects.exists()


def test_people_of_another_partner_are_not_told(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        own, other = a_partner("Own"), a_partner("Other")
        rep = a_member(
            world.acme, Role.PARTNER_REP, "rep@own.example", partner_id=own.id, partner_name="Own"
        )

        assert tell(rep, at, partner_id=other.id) is None
        assert tell(rep, at, partner_id=own.id) is not None
    with tenant_scope(world.globex.id):
        assert not Notice.objects.exists()
