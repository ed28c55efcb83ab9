"""Pictures that people upload become small PNGs of our own making; nothing of the file survives but its pixels."""

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import IO

from PIL import Image, ImageFile, UnidentifiedImageError

MAX_BYTES = 1_000_000
MAX_SIDE = 4_096
SIDE = 256


class NotALogo(ValueError):
    """The file is no PNG or JPEG picture, or too large; `reason` is "large", "kind", "pixels" or "broken"."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@contextmanager
def _whole_pictures_only() -> Iterator[None]:
    """Refuse cut-off files, also in a process where WeasyPrint told Pillow to accept them."""
    before, ImageFile.LOAD_TRUNCATED_IMAGES = ImageFile.LOAD_TRUNCATED_IMAGES, False
    try:
        yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = before


def cleaned_logo(file: IO[bytes]) -> bytes:
    """Return the picture as PNG of at most 256 by 256 pixels. Raises NotALogo.

    The kind is told by the content, size and pixels are checked before anything is unpacked (THREATS.md, S13, S15).
    """
    raw = file.read(MAX_BYTES + 1)
    if len(raw) > MAX_BYTES:
        raise NotALogo("large")
    try:
        with Image.open(BytesIO(raw), formats=("PNG", "JPEG")) as picture:
            if max(picture.size) > MAX_SIDE or min(picture.size) < 1:
                raise NotALogo("pixels")
            with _whole_pictures_only():
                picture.load()
            small = picture.convert("RGBA")
    except UnidentifiedImageError as error:
        raise NotALogo("kind") from error
    except Image.DecompressionBombError as error:
        raise NotALogo("pixels") from error
    except (OSError, SyntaxError, ValueError) as error:
        raise error if isinstance(error, NotALogo) else NotALogo("broken") from error
    small.thumbnail((SIDE, SIDE))
    out = BytesIO()
    small.save(out, "PNG", optimize=True)
    return out.getvalue()
