"""send gives files out as attachments or harmless pieces, never as a page, and nothing unchecked."""

from typing import Any

import pytest
from django.http import Http404
from django.test import RequestFactory

from prm.events.services import SYSTEM
from prm.tenancy.models import Tenant
from prm.uploads.models import ScanState
from prm.uploads.responses import send
from prm.uploads.services import remove_upload
from tests.builders.uploads import MP4, PDF, a_picture, an_office_file, an_upload
from tests.conftest import NOON


def body(response: Any) -> bytes:
    content = b"".join(response.streaming_content) if response.streaming else response.content
    response.close()
    return content


@pytest.mark.parametrize(
    ("content", "inline"),
    [
        pytest.param(MP4, True, id="film"),
        pytest.param(a_picture(), True, id="picture"),
        pytest.param(PDF, True, id="pdf"),
        pytest.param(an_office_file(), False, id="office file"),
        pytest.param(b"a;b\n1;2\n", False, id="csv"),
    ],
)
def test_only_what_cannot_run_is_shown_in_place(acme: Tenant, content: bytes, inline: bool) -> None:
    upload = an_upload(content, name='x".bin')

    shown, saved = send(upload, inline_ok=True), send(upload)

    assert shown.headers["Content-Disposition"].startswith("inline" if inline else "attachment")
    assert saved.headers["Content-Disposition"].startswith("attachment")
    for response in (shown, saved):
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Content-Type"] == upload.content_type
        assert "default-src 'none'" in response.headers["Content-Security-Policy"]
        assert "script-src" not in response.headers["Content-Security-Policy"]
        assert len(body(response)) == upload.size
    assert "sandbox" in saved.headers["Content-Security-Policy"]


@pytest.mark.parametrize("content_type", ["text/html", "image/svg+xml", "application/xhtml+xml"])
def test_a_row_that_says_markup_is_still_only_saved(acme: Tenant, content_type: str) -> None:
    upload = an_upload()
    upload.content_type = content_type

    response = send(upload, inline_ok=True)

    assert response.headers["Content-Disposition"].startswith("attachment")
    assert "sandbox" in response.headers["Content-Security-Policy"]
    response.close()


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        pytest.param("bytes=0-99", 0, 99, id="the beginning"),
        pytest.param("bytes=100-", 100, len(MP4) - 1, id="from a place on"),
        pytest.param("bytes=-50", len(MP4) - 50, len(MP4) - 1, id="the end"),
        pytest.param(f"bytes=10-{len(MP4) * 2}", 10, len(MP4) - 1, id="more than there is"),
    ],
)
def test_a_film_comes_in_the_pieces_asked_for(
    acme: Tenant, asked: str, first: int, last: int
) -> None:
    upload = an_upload(MP4, name="film.mp4")
    request = RequestFactory().get("/", headers={"Range": asked})

    response = send(upload, inline_ok=True, request=request)

    assert response.status_code == 206
    assert response.headers["Content-Range"] == f"bytes {first}-{last}/{len(MP4)}"
    assert response.headers["Content-Length"] == str(last - first + 1)
    assert body(response) == MP4[first : last + 1]


def test_a_piece_outside_the_film_is_refused(acme: Tenant) -> None:
    upload = an_upload(MP4, name="film.mp4")
    request = RequestFactory().get("/", headers={"Range": f"bytes={len(MP4)}-"})

    response = send(upload, request=request)

    assert response.status_code == 416
    assert response.headers["Content-Range"] == f"bytes */{len(MP4)}"


@pytest.mark.parametrize("asked", ["bytes=0-1,5-6", "bytes=-", "lines=1-2", "bytes=x-"])
def test_a_range_that_is_not_understood_gives_the_whole(acme: Tenant, asked: str) -> None:
    request = RequestFactory().get("/", headers={"Range": asked})

    response = send(an_upload(MP4), request=request)

    assert response.status_code == 200
    assert body(response) == MP4


@pytest.mark.parametrize("state", [ScanState.WAITING, ScanState.REFUSED])
def test_what_the_scanner_has_not_cleared_is_not_given_out(acme: Tenant, state: ScanState) -> None:
    upload = an_upload()
    upload.scan = state

    with pytest.raises(Http404):
        send(upload)


def test_a_removed_file_is_gone(acme: Tenant) -> None:
    upload = an_upload()
    remove_upload(upload_id=upload.id, actor=SYSTEM, at=NOON)
    upload.refresh_from_db()

    with pytest.raises(Http404):
        send(upload)
