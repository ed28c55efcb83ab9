"""Two requests of which the database lets only one go on: the other is done again, and nobody reads of a failure."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from partners.directory.models import Partner
from prm.events.models import Event
from prm.tenancy.links import tenant_path
from prm.tenancy.middleware import TRIES, TenantScopeMiddleware
from prm.tenancy.scope import tenant_scope
from prm.web.htmx import hx_redirect
from referrals.intake.services import submit_referral
from referrals.pipeline.models import Referral
from tests.builders.api import Caller, a_key, a_submission
from tests.builders.referrals import a_partner
from tests.conftest import NOON, World


def deadlock() -> None:
    """Let the database say what it says to one of two who wait for each other."""
    with connection.cursor() as cursor:
        cursor.execute(
            "do $$ begin raise exception 'deadlock detected' using errcode = '40P01'; end $$"
        )


@pytest.fixture
def merging(world: World, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], Any]:
    """Return what sends the form of a merge that meets somebody so many times, after all is written and said."""

    def sent(times: int) -> Any:
        with tenant_scope(world.acme.id):
            gone, stays = a_partner("Twice"), a_partner("Once")
        met: list[int] = []

        def answer(*facts: Any, **names: Any) -> Any:
            if len(met) < times:
                met.append(1)
                deadlock()
            return hx_redirect(*facts, **names)

        monkeypatch.setattr("partners.directory.merge_views.hx_redirect", answer)
        client = Client()
        client.force_login(world.admin)
        url = tenant_path(
            world.acme, "partners:partner-merge", partner_id=gone.id, into_id=stays.id
        )
        return client.post(url, {"reason": "Entered twice", "sure": "on"}, follow=True)

    return sent


def test_what_met_another_is_done_again_and_once(
    world: World, merging: Callable[[int], Any]
) -> None:
    response = merging(TRIES - 1)

    assert (response.status_code, len(response.redirect_chain)) == (200, 1)
    assert response.content.decode().count("Twice is merged into Once.") == 1
    with tenant_scope(world.acme.id):
        assert Event.objects.filter(name="partner.merged").count() == 1


def test_who_meets_others_each_time_reads_what_to_do(
    world: World, merging: Callable[[int], Any]
) -> None:
    response = merging(TRIES)

    assert response.status_code == 409
    page = response.content.decode()
    assert "nothing of yours was saved. Send it again." in page
    assert '<input type="hidden" name="reason" value="Entered twice">' in page
    with tenant_scope(world.acme.id):
        assert not Event.objects.filter(name="partner.merged").exists()
        assert not Partner.objects.filter(merged_into__isnull=False).exists()


@pytest.mark.parametrize(("is_gone", "reads"), [(False, [b"rows", b"rows"]), (True, [b"rows"])])
def test_a_file_is_read_from_its_beginning_again(
    world: World, is_gone: bool, reads: list[bytes]
) -> None:
    request: Any = RequestFactory().post(
        "/", {"file": SimpleUploadedFile("rows.csv", b"rows", "text/csv")}
    )
    request.tenant, request.member = world.acme, None
    read = []

    def view(request: HttpRequest) -> HttpResponse:
        file: Any = request.FILES["file"]
        read.append(file.read())
        if is_gone:
            file.close()
        if len(read) > 1:
            return HttpResponse(status=204)
        try:
            deadlock()
        except OperationalError as error:
            found = held.process_exception(request, error)
        assert found is not None
        return found

    held = TenantScopeMiddleware(view)

    assert (held(request).status_code, read) == (409 if is_gone else 204, reads)


def test_a_call_that_met_another_is_answered_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tenant_scope(world.acme.id):
        partner = a_partner()
        _, secret = a_key(world.admin, NOON)
    met: list[int] = []

    def submit(**facts: Any) -> Referral:
        referral = submit_referral(**facts)
        if not met:
            met.append(1)
            deadlock()
        return referral

    monkeypatch.setattr("prm.api.submitting.submit_referral", submit)
    caller = Caller(world.acme, secret)
    answers = [
        caller.post("/referrals", a_submission(partner=str(partner.id)), key="one")
        for _ in range(2)
    ]

    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    with tenant_scope(world.acme.id):
        assert Referral.objects.count() == 1
