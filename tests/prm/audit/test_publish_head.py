"""The head of the audit trail leaves the database: by mail, once a head, to those who may read the trail."""

from datetime import datetime

from prm.audit.services import publish_head
from prm.events.seals import chain_head, seal_tenant
from prm.events.services import SYSTEM, emit
from prm.notices.models import Mail
from prm.tenancy.scope import tenant_scope
from tests.conftest import World


def happen(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        emit("built.happened", subject="built:1", actor=SYSTEM, at=at)
    seal_tenant(world.acme.id)


def test_finance_and_admins_get_it_once(world: World, at: datetime) -> None:
    happen(world, at)

    with tenant_scope(world.acme.id):
        told = [publish_head(at=at), publish_head(at=at)]
        mails = list(Mail.objects.order_by("to"))
        position, chain = chain_head()

    assert told == [3, 3]
    assert [mail.to for mail in mails] == [
        "admin@acme.example",
        "finance@acme.example",
        "second@acme.example",
    ]
    assert f"{position}:{chain}" in mails[0].text
    assert f"{position}:{chain}" in mails[0].html


def test_a_new_head_is_a_new_mail(world: World, at: datetime) -> None:
    for _ in range(2):
        happen(world, at)
        with tenant_scope(world.acme.id):
            publish_head(at=at)

    with tenant_scope(world.acme.id):
        assert Mail.objects.filter(to="finance@acme.example").count() == 2


def test_an_empty_trail_has_no_head(world: World, at: datetime) -> None:
    with tenant_scope(world.globex.id):
        assert publish_head(at=at) == 0
        assert not Mail.objects.exists()
