"""A job speaks the language of whoever asked for it: its files and its faults are read by that person."""

from datetime import datetime

import pytest
from django.utils import translation

from prm.accounts.capabilities import Capability
from prm.accounts.models import User
from prm.events.services import Actor
from prm.jobs import services
from prm.jobs.models import Job
from prm.jobs.runners import JobFailed, Progress, Runner
from prm.jobs.services import run, start_job
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from tests.conftest import World


@pytest.mark.parametrize(
    ("own", "tenants", "spoken"),
    [
        pytest.param("it", "en", "it", id="the person's"),
        pytest.param("en", "it", "en", id="the person's before the tenant's"),
        pytest.param("", "it", "it", id="the tenant's for who chose none"),
    ],
)
def test_a_job_speaks(
    world: World,
    at: datetime,
    monkeypatch: pytest.MonkeyPatch,
    own: str,
    tenants: str,
    spoken: str,
) -> None:
    User.objects.filter(id=world.manager.id).update(language=own)
    Tenant.objects.filter(id=world.acme.id).update(language=tenants)

    def say(_progress: Progress) -> None:
        raise JobFailed(translation.get_language())

    said = Runner("test.say", "", say, Capability.SEE_JOBS, stoppable=False, unit="", onward="")
    monkeypatch.setattr(services, "runner_of", lambda _kind: said)
    with tenant_scope(world.acme.id):
        actor = Actor(user_id=world.manager.id)
        job = start_job(kind="test.say", params={}, actor=actor, at=at)

    run(world.acme.id, job.id)

    with tenant_scope(world.acme.id):
        assert Job.objects.get(id=job.id).error == spoken
