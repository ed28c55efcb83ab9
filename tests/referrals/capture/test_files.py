"""Files of a referral: taken by content, given out to those who see the referral, internal ones to staff alone."""

from datetime import datetime

import pytest
from django.test import Client

from prm.events.models import Event
from prm.events.services import SYSTEM
from prm.tenancy.scope import tenant_scope
from prm.uploads.models import ScanState, Upload
from referrals.capture.files import MAX_FILES, TooManyFiles, add_file, remove_file
from referrals.capture.models import ReferralFile
from referrals.pipeline.models import Referral
from tests.builders.referrals import People, a_referral, people_of
from tests.builders.uploads import PDF, a_picture, brought
from tests.conftest import World


@pytest.fixture
def people(world: World) -> People:
    with tenant_scope(world.acme.id):
        return people_of(world.acme)


@pytest.fixture
def referral(world: World, people: People, at: datetime) -> Referral:
    with tenant_scope(world.acme.id):
        return a_referral(at, partner=people.partner, by=people.rep)


def kept(world: World, referral: Referral, at: datetime, *, internal: bool = False) -> ReferralFile:
    with tenant_scope(world.acme.id):
        return add_file(
            referral_id=referral.id,
            file=brought(PDF, "offer.pdf"),
            internal=internal,
            actor=SYSTEM,
            at=at,
        )


def path_of(file: ReferralFile) -> str:
    return f"/acme/referrals/{file.referral_id}/files/{file.id}/"


def test_a_partner_adds_a_file_and_both_sides_get_it(
    world: World, people: People, referral: Referral, client: Client
) -> None:
    client.force_login(people.rep)

    added = client.post(
        f"/acme/referrals/{referral.id}/files/add/",
        {"file": brought(PDF, "offer.pdf"), "shared": ""},
    )

    with tenant_scope(world.acme.id):
        file = ReferralFile.objects.get()
    assert added.status_code == 303
    assert file.internal is False
    for person, page in (
        (people.rep, f"/acme/referrals/{referral.id}/"),
        (world.manager, f"/acme/manage/referrals/{referral.id}/"),
    ):
        client.force_login(person)
        assert "offer.pdf" in client.get(page).content.decode()
        answer = client.get(path_of(file))
        assert b"".join(answer.streaming_content) == PDF  # type: ignore[attr-defined]
        assert answer.headers["Content-Disposition"] == 'attachment; filename="offer.pdf"'


def test_internal_is_the_choice_unless_shared(
    world: World, referral: Referral, client: Client
) -> None:
    client.force_login(world.manager)
    path = f"/acme/referrals/{referral.id}/files/add/"

    client.post(path, {"file": brought(PDF, "inside.pdf")})
    client.post(path, {"file": brought(PDF, "for-both.pdf"), "shared": "on"})

    with tenant_scope(world.acme.id):
        kinds = dict(ReferralFile.objects.values_list("upload__file_name", "internal"))
        names = Event.objects.filter(name="referral.internal_file_added")
        assert kinds == {"inside.pdf": True, "for-both.pdf": False}
        assert [row.partner_id for row in names] == [None]


def test_internal_files_and_other_partners_files_are_not_there(
    world: World, people: People, referral: Referral, client: Client, at: datetime
) -> None:
    inside, shared = kept(world, referral, at, internal=True), kept(world, referral, at)
    with tenant_scope(world.acme.id):
        others = people_of(world.acme, "Solea")

    client.force_login(people.rep)
    page = client.get(f"/acme/referrals/{referral.id}/").content.decode()
    assert client.get(path_of(inside)).status_code == 404
    assert client.post(f"{path_of(inside)}remove/").status_code == 404
    assert page.count("offer.pdf") == 1
    for stranger in (others.admin, people.colleague, world.stranger):
        client.force_login(stranger)
        assert client.get(path_of(shared)).status_code == 404


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"<html><script>alert(1)</script></html>", "page.pdf"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "logo.png"),
        (b"a,b\n1,2\n", "list.csv"),
        (b"", "empty.pdf"),
    ],
)
def test_other_kinds_are_refused_in_words(
    world: World, people: People, referral: Referral, client: Client, content: bytes, name: str
) -> None:
    client.force_login(people.rep)

    answer = client.post(
        f"/acme/referrals/{referral.id}/files/add/", {"file": brought(content, name)}
    )

    assert answer.status_code == 422
    with tenant_scope(world.acme.id):
        assert not ReferralFile.objects.exists()


def test_what_the_scanner_holds_back_is_named_and_not_given_out(
    world: World, people: People, referral: Referral, client: Client, at: datetime
) -> None:
    file = kept(world, referral, at)
    with tenant_scope(world.acme.id):
        Upload.objects.update(scan=ScanState.WAITING)
    client.force_login(people.rep)

    page = client.get(f"/acme/referrals/{referral.id}/").content.decode()

    assert "Being checked" in page
    assert path_of(file) + '"' not in page
    assert client.get(path_of(file)).status_code == 404


def test_people_remove_their_own_and_staff_any(
    world: World, people: People, referral: Referral, client: Client, at: datetime
) -> None:
    by_nobody = kept(world, referral, at)
    client.force_login(people.rep)
    client.post(
        f"/acme/referrals/{referral.id}/files/add/", {"file": brought(a_picture(), "own.png")}
    )
    with tenant_scope(world.acme.id):
        own = ReferralFile.objects.get(upload__file_name="own.png")

    assert client.post(f"{path_of(by_nobody)}remove/").status_code == 404
    assert client.post(f"{path_of(own)}remove/").status_code == 303
    client.force_login(world.manager)
    assert client.post(f"{path_of(by_nobody)}remove/").status_code == 303
    with tenant_scope(world.acme.id):
        assert not ReferralFile.objects.filter(removed_at=None).exists()
        assert not Upload.objects.filter(removed_at=None).exists()
        remove_file(file_id=own.id, actor=SYSTEM, at=at)
        assert Event.objects.filter(name="referral.file_removed").count() == 2


def test_a_referral_holds_so_many(world: World, referral: Referral, at: datetime) -> None:
    for _ in range(MAX_FILES):
        kept(world, referral, at)

    with pytest.raises(TooManyFiles):
        kept(world, referral, at)
