"""Look into uploaded files before they are kept: true type, bombs, and pictures made anew."""

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image, ImageFile, ImageOps, UnidentifiedImageError

from prm.uploads.rules import HEAD_BYTES, kind_of

MAX_ENTRIES = 2_000
MAX_UNPACKED = 200 * 1024 * 1024
MAX_RATIO = 100
MAX_PIXELS = 24_000_000
# Pictures are kept at most this wide and high.
SIDE = 2_560
_OFFICE = {"word/document.xml": "docx", "xl/workbook.xml": "xlsx"}
_BOX_LIMIT = 10_000
_ZIP_END = 22


class NotTaken(ValueError):
    """The content is refused; the code says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def true_kind(path: Path) -> str:
    """Return the name of the file's type by its content, empty for one that is not known. Raises NotTaken.

    Nothing is unpacked: archives are judged by their directory, films by their boxes.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
        file.seek(max(0, size - HEAD_BYTES))
        tail = file.read(HEAD_BYTES)
    kind = kind_of(head, tail, size)
    if kind == "zip":
        return _office_kind(path, tail)
    if kind == "mp4" and not _is_film(path, size):
        return ""
    if kind == "csv" and not _is_text(path):
        return ""
    return kind


def _office_kind(path: Path, tail: bytes) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise NotTaken("broken") from error
    names = {entry.filename.lower() for entry in entries}
    kind = next((kind for name, kind in _OFFICE.items() if name in names), "")
    # Bytes before the first entry or behind the directory's end make one file two.
    ends_whole = tail[-_ZIP_END:].startswith(b"PK\x05\x06")
    if not kind or not ends_whole or min(entry.header_offset for entry in entries):
        return ""
    if any(entry.flag_bits & 1 for entry in entries):
        raise NotTaken("locked")
    if any(name.endswith("vbaproject.bin") for name in names):
        raise NotTaken("macros")
    large = [entry for entry in entries if entry.file_size > 1 << 20]
    ratio = max((entry.file_size / max(entry.compress_size, 1) for entry in large), default=0)
    unpacked = sum(entry.file_size for entry in entries)
    if len(entries) > MAX_ENTRIES or unpacked > MAX_UNPACKED or ratio > MAX_RATIO:
        raise NotTaken("bomb")
    return kind


def _is_film(path: Path, size: int) -> bool:
    """Tell whether the file is boxes from its first to its last byte, a moov among them."""
    seen: set[bytes] = set()
    count = place = 0
    with path.open("rb") as file:
        while place + 8 <= size and count < _BOX_LIMIT:
            file.seek(place)
            head = file.read(16)
            length, name = int.from_bytes(head[:4]), head[4:8]
            if length == 1:
                length = int.from_bytes(head[8:16])
            elif length == 0:
                length = size - place
            if length < 8 or not all(32 <= sign < 127 for sign in name):
                return False
            seen.add(name)
            count += 1
            place += length
    return place == size and b"moov" in seen


def _is_text(path: Path) -> bool:
    with path.open("rb") as file:
        wide = file.read(2) in {b"\xff\xfe", b"\xfe\xff"}
        file.seek(0)
        return wide or all(b"\0" not in chunk for chunk in iter(lambda: file.read(1 << 20), b""))


def remake_picture(path: Path, kind: str) -> None:
    """Replace a picture by one of our own making: nothing of the file survives but its pixels. Raises NotTaken.

    At most 2,560 pixels a side, turned as its camera held it. The pixels are counted before anything is unpacked.
    """
    form = kind.upper()
    try:
        with Image.open(path, formats=(form,)) as picture:
            if picture.width * picture.height > MAX_PIXELS or min(picture.size) < 1:
                raise NotTaken("pixels")
            picture.draft("RGB", (SIDE, SIDE))
            with _whole_pictures_only():
                picture.load()
            made = picture.convert("RGB" if kind == "jpeg" else "RGBA")
            turned = picture.getexif().get(0x0112, 1)
    except UnidentifiedImageError as error:
        raise NotTaken("broken") from error
    except Image.DecompressionBombError as error:
        raise NotTaken("pixels") from error
    except (OSError, SyntaxError, ValueError) as error:
        raise error if isinstance(error, NotTaken) else NotTaken("broken") from error
    made.thumbnail((SIDE, SIDE))
    made.getexif()[0x0112] = turned
    ImageOps.exif_transpose(made, in_place=True)
    bare = Image.new(made.mode, made.size)
    bare.paste(made)
    if kind == "jpeg":
        bare.save(path, "JPEG", quality=88)
    else:
        bare.save(path, "PNG")


@contextmanager
def _whole_pictures_only() -> Iterator[None]:
    """Refuse cut-off files, also in a process where WeasyPrint told Pillow to accept them."""
    before, ImageFile.LOAD_TRUNCATED_IMAGES = ImageFile.LOAD_TRUNCATED_IMAGES, False
    try:
        yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = before
