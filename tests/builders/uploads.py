"""Builders of files as people bring them, and of kept uploads."""

import zipfile
from collections.abc import Mapping
from io import BytesIO
from struct import pack
from types import MappingProxyType
from typing import Any
from uuid import UUID
from zlib import compress, crc32

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from prm.events.services import SYSTEM
from prm.uploads.models import Upload
from prm.uploads.rules import TYPES
from prm.uploads.services import keep_upload
from tests.builders.partners import LONG_AGO

PDF = b"%PDF-1.7\n1 0 obj << >> endobj\ntrailer << >>\n%%EOF\n"
WEBM = (
    bytes.fromhex("1a45dfa39f4286810142f7810142f2810442f381084282847765626d42878104") + b"\0" * 64
)


def box(name: bytes, body: bytes = b"") -> bytes:
    return pack(">I", len(body) + 8) + name + body


MP4 = (
    box(b"ftyp", b"isom\0\0\2\0isomiso2mp41")
    + box(b"moov", b"\0" * 40)
    + box(b"mdat", b"x" * 5_000)
)


def a_picture(kind: str = "PNG", size: tuple[int, int] = (60, 30), **options: Any) -> bytes:
    out = BytesIO()
    Image.new("RGB", size, "#aa3366").save(out, kind, **options)
    return out.getvalue()


def a_pixel_bomb() -> bytes:
    """A PNG that says it is 60,000 by 60,000 pixels."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return pack(">I", len(body)) + name + body + pack(">I", crc32(name + body))

    head = pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", compress(b"\0" * 100_000))
        + chunk(b"IEND", b"")
    )


def an_office_file(
    main: str = "word/document.xml", more: Mapping[str, bytes] = MappingProxyType({})
) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr(main, "<document/>")
        for name, content in more.items():
            archive.writestr(name, content)
    return out.getvalue()


def brought(content: bytes, name: str = "file.bin", content_type: str = "") -> SimpleUploadedFile:
    """A file as a form hands it over."""
    return SimpleUploadedFile(name, content, content_type or "application/octet-stream")


def an_upload(
    content: bytes = PDF,
    *,
    name: str = "handbook.pdf",
    purpose: str = "test.file",
    partner_id: UUID | None = None,
) -> Upload:
    """Keep a file of any known kind."""
    return keep_upload(
        file=brought(content, name),
        purpose=purpose,
        allowed=frozenset(TYPES),
        max_bytes=10_000_000,
        partner_id=partner_id,
        actor=SYSTEM,
        at=LONG_AGO,
    )
