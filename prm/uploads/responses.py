"""Give files out: never as anything that could run, films in pieces."""

import re
from collections.abc import Iterator
from typing import IO, cast

from django.http import FileResponse, Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils.http import content_disposition_header

from prm.jobs.files import open_private
from prm.uploads.models import ScanState, Upload
from prm.uploads.rules import may_be_inline

_CHUNK = 256 * 1024
# More digits than any file's size has are no range: the whole file is the answer.
_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")
# A sandboxed document has no origin: not even a mistaken type could reach the portal.
POLICY = "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; sandbox"
# Browsers refuse to open their own PDF reader in a sandbox; a PDF's scripts never run in the page's origin.
PDF_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; object-src 'self'; frame-ancestors 'none'"
)


def is_ready(upload: Upload) -> bool:
    """Tell whether a file may be given out: there, and not waiting for or refused by the scanner."""
    return upload.removed_at is None and upload.scan == ScanState.CLEAN


def send(
    upload: Upload, *, inline_ok: bool = False, request: HttpRequest | None = None
) -> HttpResponse:
    """Answer with a file; the caller has checked that the person may have it.

    inline_ok: show it in the page where its type allows that; everything else is saved as an attachment.
    request: its Range header is answered with that piece (206), or 416 for one outside the file.
    Raises Http404 for files that wait for the scanner, were refused by it, or were removed.
    """
    if not is_ready(upload):
        raise Http404
    try:
        file = open_private(upload.stored)
    except FileNotFoundError as gone:
        raise Http404 from gone
    asked = _RANGE.fullmatch(request.headers.get("Range", "")) if request else None
    response = _piece(file, upload, asked) if asked and any(asked.groups()) else FileResponse(file)
    inline = inline_ok and may_be_inline(upload.content_type)
    response.headers["Content-Type"] = upload.content_type
    response.headers["Content-Disposition"] = (
        content_disposition_header(not inline, upload.file_name) or "attachment"
    )
    response.headers["Accept-Ranges"] = "bytes"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers["Cache-Control"] = (
        "private, no-store" if not inline else "private, max-age=300"
    )
    pdf = inline and upload.content_type == "application/pdf"
    response.headers["Content-Security-Policy"] = PDF_POLICY if pdf else POLICY
    return cast("HttpResponse", response)  # a file, but guards and middleware see a response


def _piece(
    file: IO[bytes], upload: Upload, asked: re.Match[str]
) -> StreamingHttpResponse | HttpResponse:
    first, last = asked.groups()
    if first:
        start, end = int(first), min(int(last) if last else upload.size - 1, upload.size - 1)
    else:
        start, end = max(0, upload.size - int(last)), upload.size - 1
    if start > end or start >= upload.size:
        file.close()
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{upload.size}"})
    response = StreamingHttpResponse(_read(file, start, end), status=206)
    response.headers["Content-Range"] = f"bytes {start}-{end}/{upload.size}"
    response.headers["Content-Length"] = str(end - start + 1)
    return response


def _read(file: IO[bytes], start: int, end: int) -> Iterator[bytes]:
    with file:
        file.seek(start)
        left = end - start + 1
        while left > 0 and (chunk := file.read(min(_CHUNK, left))):
            left -= len(chunk)
            yield chunk
