"""Partners that were in a program before it had a track start it when the vendor says so, each once."""

from datetime import datetime

from django.test import Client

from partners.directory.models import PartnerState, PartnerType
from partners.directory.services import change_partner_state
from partners.onboarding.building import archive_track
from partners.onboarding.catching_up import waiting_for
from partners.onboarding.models import Run, Track
from prm.events.models import Event
from prm.events.services import SYSTEM
from prm.jobs.models import Job, JobState
from prm.jobs.services import run
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from tests.builders.onboarding import a_run, a_track
from tests.builders.partners import a_partner, a_program
from tests.conftest import World


def waiting(track: Track, at: datetime) -> list[str]:
    rows = waiting_for(track, at).select_related("partner")
    return sorted(row.partner.name for row in rows)


def test_who_waits_is_who_would_start_on_the_track_and_never_did(
    acme: Tenant, at: datetime
) -> None:
    program = a_program()
    for name, kind in (
        ("Agency", PartnerType.AGENCY),
        ("Reseller", PartnerType.RESELLER),
        ("Software", PartnerType.ISV),
    ):
        a_partner(name, programs=(program,), type=kind)
    a_partner("Elsewhere", type=PartnerType.RESELLER)
    paused = a_partner("Paused", programs=(program,), type=PartnerType.RESELLER)
    change_partner_state(
        partner_id=paused.id, state=PartnerState.PAUSED, reason="Away", actor=SYSTEM, at=at
    )
    everybody = a_track(program)
    agencies = a_track(program, partner_type=PartnerType.AGENCY)

    assert waiting(everybody, at) == ["Reseller", "Software"]
    assert waiting(agencies, at) == ["Agency"]

    a_run(a_partner("New", programs=(program,)).id, program, at=at)
    archive_track(track_id=agencies.id, actor=SYSTEM, at=at)

    assert waiting(everybody, at) == ["Agency", "Reseller", "Software"]
    assert waiting(agencies, at) == []


def test_a_click_starts_all_of_them_once(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        program = a_program()
        names = ["Brightwater", "Kestrel", "Solea"]
        for name in names:
            a_partner(name, programs=(program,))
        track = a_track(program)
    client = Client()
    client.force_login(world.admin)
    page = f"/acme/manage/tracks/{track.id}/"
    assert "Start for 3 partners" in client.get(page).text

    for _turn in range(2):
        client.post(f"{page}start/")
        with tenant_scope(world.acme.id):
            queued = Job.objects.filter(state=JobState.QUEUED).first()
        if queued:
            run(world.acme.id, queued.id)

    with tenant_scope(world.acme.id):
        job = Job.objects.get()
        runs = Run.objects.filter(track=track)
        assert sorted(row.partner.name for row in runs.select_related("partner")) == names
        assert Event.objects.filter(name="onboarding.started").count() == 3
    assert (job.state, job.result) == (JobState.DONE, {"started": 3})
    assert "Start for" not in client.get(page).text
