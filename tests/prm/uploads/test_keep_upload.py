"""keep_upload judges a file by its content, remakes pictures, counts the tenant's space, and asks the scanner."""

import hashlib
import resource
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.db import ProgrammingError, transaction
from PIL import Image

from prm.events.models import Event
from prm.events.services import SYSTEM
from prm.jobs.files import private_path
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from prm.uploads.models import ScanState, Upload
from prm.uploads.rules import DOCUMENTS, PICTURES, TYPES, VIDEOS
from prm.uploads.selectors import space, tenants_with_waiting_uploads, waiting_uploads
from prm.uploads.services import UploadRefused, keep_upload, remove_upload, scan_upload
from prm.uploads.tasks import scan_one
from tests.builders.partners import a_partner
from tests.builders.uploads import (
    MP4,
    PDF,
    WEBM,
    a_picture,
    a_pixel_bomb,
    an_office_file,
    an_upload,
    box,
    brought,
)
from tests.conftest import NOON, World
from tests.processor import processor_seconds

EVERYTHING = frozenset(TYPES)


def keep(
    content: bytes, name: str = "file", allowed: frozenset[str] = EVERYTHING, **more: Any
) -> Upload:
    return keep_upload(
        **{
            "file": brought(content, name),
            "purpose": "test.file",
            "allowed": allowed,
            "max_bytes": 10_000_000,
            "partner_id": None,
            "actor": SYSTEM,
            "at": NOON,
            **more,
        }
    )


@pytest.mark.parametrize(
    ("content", "name", "kind", "kept_as"),
    [
        pytest.param(PDF, "terms.pdf", "pdf", "terms.pdf", id="pdf"),
        pytest.param(a_picture(), "logo.png", "png", "logo.png", id="png"),
        pytest.param(a_picture("JPEG"), "me.JPEG", "jpeg", "me.jpg", id="jpeg"),
        pytest.param(an_office_file(), "plan.docx", "docx", "plan.docx", id="docx"),
        pytest.param(an_office_file("xl/workbook.xml"), "a.xlsx", "xlsx", "a.xlsx", id="xlsx"),
        pytest.param(b"name;town\nJos\xe9;\xc0\n", "people.csv", "csv", "people.csv", id="csv"),
        pytest.param(MP4, "film.mp4", "mp4", "film.mp4", id="mp4"),
        pytest.param(WEBM, "film.webm", "webm", "film.webm", id="webm"),
        pytest.param(PDF, "page.html", "pdf", "page.html.pdf", id="a name that lies"),
        pytest.param(PDF, "../../etc/x\n.pdf", "pdf", "x.pdf", id="folders and controls"),
        pytest.param(PDF, "", "pdf", "file.pdf", id="no name"),
    ],
)
def test_the_content_decides_the_type(
    acme: Tenant, content: bytes, name: str, kind: str, kept_as: str
) -> None:
    file = brought(content, "x", "text/html")
    vars(file)["_name"] = name  # as a client that does not clean it

    upload = keep(content, file=file)

    assert (upload.content_type, upload.file_name) == (TYPES[kind].content_type, kept_as)
    stored = private_path(upload.stored).read_bytes()
    assert upload.size == len(stored)
    assert upload.sha256 == hashlib.sha256(stored).hexdigest()
    assert upload.scan == ScanState.CLEAN


MARKUP = b"<!doctype html><script>alert(1)</script>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'


@pytest.mark.parametrize(
    ("content", "code"),
    [
        pytest.param(b"", "empty", id="empty"),
        pytest.param(MARKUP, "kind", id="html"),
        pytest.param(SVG, "kind", id="svg"),
        pytest.param(b'<?xml version="1.0"?>' + SVG, "kind", id="svg with its xml line"),
        pytest.param(b"name,town\n=1," + MARKUP, "kind", id="html behind a line of csv"),
        pytest.param(MARKUP.decode().encode("utf-16"), "kind", id="html in utf-16"),
        pytest.param(b"\xef\xbb\xbf  " + MARKUP, "kind", id="html behind a byte order mark"),
        pytest.param(b"MZ\x90\0" + b"\0" * 200, "kind", id="program"),
        pytest.param(b"GIF89a" + b"\0" * 64, "kind", id="gif"),
        pytest.param(b"a;b\n" * 2_000 + b"\0" * 10, "kind", id="zeros behind the first look"),
        pytest.param(b"%PDF-1.7\n" + MARKUP, "kind", id="pdf without an end"),
        pytest.param(MARKUP + PDF, "kind", id="html with a pdf behind it"),
        pytest.param(b"PK\x03\x04 not really", "broken", id="broken zip"),
        pytest.param(an_office_file("evil.html"), "kind", id="zip that is no office file"),
        pytest.param(b"GIF89a" + an_office_file(), "kind", id="zip behind a gif"),
        pytest.param(an_office_file() + MARKUP, "kind", id="zip with markup behind it"),
        pytest.param(an_office_file(more={"word/vbaProject.bin": b"x"}), "macros", id="macros"),
        pytest.param(
            an_office_file(more={"word/big.xml": b"\0" * 30_000_000}), "bomb", id="zip bomb"
        ),
        pytest.param(a_pixel_bomb(), "pixels", id="60,000 by 60,000 pixels"),
        pytest.param(a_picture("PNG")[:60], "broken", id="cut-off png"),
        pytest.param(b"\xff\xd8\xff\xe0" + MARKUP, "broken", id="jpeg that is html"),
        pytest.param(b"\x89PNG\r\n\x1a\n" + MARKUP, "broken", id="png that is html"),
        pytest.param(MP4 + MARKUP, "kind", id="film with markup behind it"),
        pytest.param(box(b"ftyp", b"isom") + MARKUP, "kind", id="film without boxes"),
        pytest.param(WEBM.replace(b"webm", b"matr"), "kind", id="matroska that is no webm"),
    ],
)
def test_anything_else_is_refused_and_nothing_is_kept(
    acme: Tenant, files: Path, content: bytes, code: str
) -> None:
    with pytest.raises(UploadRefused) as told:
        keep(content, "file.csv")

    assert told.value.code == code
    assert told.value.words
    assert not Upload.objects.exists()
    assert not Event.objects.filter(name="upload.kept").exists()
    assert space()[0] == 0
    assert [path for path in files.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(
    ("content", "allowed"),
    [
        pytest.param(PDF, PICTURES, id="a pdf where pictures are asked for"),
        pytest.param(a_picture(), VIDEOS, id="a picture where a film is asked for"),
        pytest.param(MP4, DOCUMENTS, id="a film where documents are asked for"),
    ],
)
def test_a_place_takes_only_its_kinds(
    acme: Tenant, content: bytes, allowed: frozenset[str]
) -> None:
    with pytest.raises(UploadRefused) as told:
        keep(content, allowed=allowed)

    assert told.value.code == "kind"


def test_the_size_is_counted_not_believed(acme: Tenant) -> None:
    file = brought(PDF + b"x" * 900 + b"%%EOF")
    file.size = 10

    with pytest.raises(UploadRefused) as told:
        keep(b"", file=file, max_bytes=900)

    assert told.value.code == "too_large"


def test_a_bomb_is_refused_fast_and_small(acme: Tenant) -> None:
    content = an_office_file(more={"word/big.xml": b"\0" * 90_000_000})
    before, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, processor_seconds()

    with pytest.raises(UploadRefused):
        keep(content)
    with pytest.raises(UploadRefused):
        keep(a_pixel_bomb())

    assert processor_seconds() - started < 2
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000


def test_a_picture_keeps_its_pixels_and_loses_everything_else(acme: Tenant) -> None:
    told = Image.Exif()
    told[0x010E] = "secret place"
    told[0x0112] = 6  # the camera was held upright
    out = BytesIO()
    Image.new("RGB", (3_000, 1_000), "#aa3366").save(out, "JPEG", exif=told, comment=b"secret word")

    upload = keep(out.getvalue() + b"<script>secret</script>", "photo.jpg")

    kept = private_path(upload.stored).read_bytes()
    assert b"secret" in out.getvalue()
    assert b"secret" not in kept
    with Image.open(BytesIO(kept)) as picture:
        assert picture.size == (853, 2_560)
        assert not picture.getexif()


def test_a_tenant_has_so_much_space_and_no_more(acme: Tenant, settings: Any) -> None:
    settings.UPLOAD_QUOTA_MB = 1
    large = PDF[:-6] + b" " * 600_000 + b"\n%%EOF\n"
    first = keep(large)

    with pytest.raises(UploadRefused) as told:
        keep(large)

    assert told.value.code == "quota"
    assert space() == (first.size, 1_000_000)
    assert Upload.objects.count() == 1


def test_a_removed_file_gives_its_space_back_once(
    acme: Tenant, django_capture_on_commit_callbacks: Any
) -> None:
    upload, other = an_upload(), an_upload()
    path = private_path(upload.stored)

    with django_capture_on_commit_callbacks(execute=True):
        remove_upload(upload_id=upload.id, actor=SYSTEM, at=NOON)
        remove_upload(upload_id=upload.id, actor=SYSTEM, at=NOON)

    assert not path.exists()
    assert private_path(other.stored).exists()
    assert space()[0] == other.size
    assert Event.objects.filter(name="upload.removed").count() == 1


def test_another_tenants_space_is_its_own(world: World, settings: Any) -> None:
    settings.UPLOAD_QUOTA_MB = 0
    with tenant_scope(world.acme.id), pytest.raises(UploadRefused):
        an_upload()
    settings.UPLOAD_QUOTA_MB = 1

    with tenant_scope(world.globex.id):
        an_upload()
        assert Upload.objects.count() == 1
    with tenant_scope(world.acme.id):
        assert Upload.objects.count() == 0


def test_a_partner_sees_its_own_files_and_the_shared_ones(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        own, other = a_partner("Own"), a_partner("Other")
        mine, theirs = an_upload(partner_id=own.id), an_upload(partner_id=other.id)
        shared = an_upload()

    with tenant_scope(world.acme.id, own.id):
        assert set(Upload.objects.values_list("id", flat=True)) == {mine.id, shared.id}
        with pytest.raises(ProgrammingError), transaction.atomic():
            an_upload(partner_id=other.id)
        with pytest.raises(ProgrammingError), transaction.atomic():
            an_upload()
        assert not Upload.objects.filter(id=theirs.id).exists()


def finds_all(path: Path) -> str:
    """A scanner that finds something in every file."""
    assert path.is_file()
    return "Eicar"


def finds_nothing(path: Path) -> str:
    """A scanner that finds nothing."""
    assert path.is_file()
    return ""


def is_away(path: Path) -> str:
    """A scanner that cannot be asked."""
    raise OSError(path)


@pytest.mark.parametrize(
    ("scanner", "state"),
    [("finds_all", ScanState.REFUSED), ("finds_nothing", ScanState.CLEAN)],
)
def test_a_scanner_says_what_becomes_of_a_file(
    world: World, settings: Any, scanner: str, state: ScanState
) -> None:
    settings.UPLOAD_SCANNER = f"{__name__}.{scanner}"
    with tenant_scope(world.acme.id):
        upload = an_upload()
        assert upload.scan == ScanState.WAITING
        assert waiting_uploads() == [upload.id]
    assert tenants_with_waiting_uploads() == [world.acme.id]

    scan_one(tenant=world.acme.id, upload=str(upload.id))

    with tenant_scope(world.acme.id):
        upload.refresh_from_db()
        assert upload.scan == state
    assert tenants_with_waiting_uploads() == []


def test_a_scanner_that_is_away_leaves_the_file_waiting(acme: Tenant, settings: Any) -> None:
    settings.UPLOAD_SCANNER = f"{__name__}.is_away"
    upload = an_upload()

    with pytest.raises(OSError, match="upload"):
        scan_upload(upload_id=upload.id)

    upload.refresh_from_db()
    assert upload.scan == ScanState.WAITING
