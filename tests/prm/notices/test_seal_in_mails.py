"""Every mail to a partner carries the newest seal of the audit log, mails to staff do not need it."""

from datetime import datetime
from typing import Any

from prm.events.seals import newest_seal, seal_tenant
from prm.events.services import SYSTEM, emit
from prm.notices.services import queue_mail
from prm.tenancy.scope import tenant_scope
from tests.builders.partners import a_partner
from tests.conftest import World


def test_a_partners_mail_carries_the_newest_seal(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        partner = a_partner()
        emit("partner.created", subject=f"partner:{partner.id}", actor=SYSTEM, at=at)
    seal_tenant(world.acme.id)
    told: dict[str, Any] = {
        "kind": "partner.invited",
        "template": "emails/notice",
        "context": {"title": "Hello"},
        "language": "en",
    }
    with tenant_scope(world.acme.id):
        seal = newest_seal()
        mail = queue_mail(key="one", to="rep@brio.example", partner_id=partner.id, **told)
        staff = queue_mail(key="two", to="mara@acme.example", **told)

        assert seal.partition(":")[0].isdigit()
        assert seal in mail.text
        assert seal in mail.html
        assert seal not in staff.text
