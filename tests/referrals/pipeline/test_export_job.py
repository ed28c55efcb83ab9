"""An export too large for a request is written by a job that sees what the person sees."""

from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from prm.accounts.models import User
from prm.jobs.files import private_path
from prm.jobs.models import Job
from prm.jobs.services import run
from prm.tenancy.scope import tenant_scope
from referrals.pipeline import listings
from tests.builders.referrals import a_partner, a_referral, people_of
from tests.conftest import World


@pytest.mark.parametrize(
    ("who", "companies"),
    [("rep", ["Mine 1", "Mine 0"]), ("admin", ["Colleague's", "Mine 1", "Mine 0"])],
)
def test_a_partners_job_writes_what_that_person_sees(
    world: World,
    client: Client,
    at: datetime,
    monkeypatch: pytest.MonkeyPatch,
    who: str,
    companies: list[str],
    settings: Any,
    tmp_path: Any,
) -> None:
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {**settings.STORAGES["default"], "OPTIONS": {"location": tmp_path}},
    }
    monkeypatch.setattr(listings, "DIRECT_ROWS", 1)
    with tenant_scope(world.acme.id):
        people = people_of(world.acme)
        for number in range(2):
            a_referral(
                at,
                partner=people.partner,
                by=people.rep,
                company=f"Mine {number}",
                contact_email=f"a@c{number}.example",
            )
        a_referral(
            at,
            partner=people.partner,
            by=people.colleague,
            company="Colleague's",
            contact_email="a@d.example",
        )
        a_referral(at, partner=a_partner("Harbour"), company="Rival's", contact_email="a@e.example")
    person: User = getattr(people, who)
    client.force_login(person)

    answer = client.post("/acme/referrals/export/", {"format": "csv", "query": ""})
    with tenant_scope(world.acme.id):
        job = Job.objects.get(kind="referral.export")
    run(world.acme.id, job.id)

    assert answer.status_code == 303
    with tenant_scope(world.acme.id):
        job.refresh_from_db()
        assert (job.state, job.result) == ("done", {"rows": len(companies)})
        lines = private_path(job.file).read_text("utf-8-sig").splitlines()[1:]
    assert [line.split(",")[1] for line in lines] == companies
