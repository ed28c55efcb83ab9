"""Pure rules of the vendor's colours and host name."""

import re
from typing import NamedTuple

# WCAG 2.2, 1.4.3: text of normal size.
READABLE = 4.5
WHITE, BLACK = "#ffffff", "#000000"
_HOST = re.compile(
    r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]"
)


class Contrast(NamedTuple):
    """The foreground used on a colour, and how well it reads there (1 to 21)."""

    foreground: str
    ratio: float


def foreground_on(accent: str) -> Contrast:
    """Return white when it reads on the colour, else black; one of the two always reads."""
    on_white = contrast(accent, WHITE)
    return (
        Contrast(WHITE, on_white)
        if on_white >= READABLE
        else Contrast(BLACK, contrast(accent, BLACK))
    )


def contrast(first: str, second: str) -> float:
    """Return the contrast ratio of two colours written as #rrggbb (WCAG 2.2)."""
    low, high = sorted((_luminance(first), _luminance(second)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def is_host_name(text: str) -> bool:
    """Tell whether the text is a full host name in lower case, without scheme, port or path."""
    return bool(_HOST.fullmatch(text))
