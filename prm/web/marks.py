"""Small marks every page repeats: icons by name, initials and hues, days and moments as <time>."""
# ruff: noqa: E501  an outline is one line

from datetime import date, datetime
from html import escape as escape_text
from typing import Any
from uuid import UUID
from zlib import crc32

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.safestring import SafeString

from prm.web.formats import ago_text, day_text, local_moment, moment_text

NOTHING = SafeString('<span class="faint">–</span>')
# Outlines on a 16 by 16 grid, drawn with one stroke.
PATHS = {
    "bank": "M2 6.25 8 2.5l6 3.75zM3.5 6.5v5M6.5 6.5v5M9.5 6.5v5M12.5 6.5v5M2 13.5h12",
    "bell": "M8 2a4 4 0 0 0-4 4c0 3.5-1.25 4.75-1.25 4.75h10.5S12 9.5 12 6a4 4 0 0 0-4-4zM6.75 13.25a1.4 1.4 0 0 0 2.5 0",
    "book": "M8 4C6.75 3 5 2.75 2.5 2.75v9.5c2.5 0 4.25.25 5.5 1.25 1.25-1 3-1.25 5.5-1.25v-9.5C11 2.75 9.25 3 8 4zM8 4v9.5",
    "building": "M3.5 13.5v-11h6v11M9.5 6.5h3v7M2 13.5h12M5.5 5h2M5.5 7.5h2M5.5 10h2",
    "calendar": "M3 3.5h10a.75.75 0 0 1 .75.75v8.5a.75.75 0 0 1-.75.75H3a.75.75 0 0 1-.75-.75v-8.5A.75.75 0 0 1 3 3.5z"
    "M2.25 6.75h11.5M5.25 2v3M10.75 2v3",
    "cap": "M8 3 1.5 6.25 8 9.5l6.5-3.25zM4.25 7.75v3.5c1 .9 2.25 1.25 3.75 1.25s2.75-.35 3.75-1.25v-3.5",
    "chart": "M2.5 13.5h11M4.5 11V8M8 11V3.5M11.5 11V6",
    "chat": "M2.5 3.5h11V11H7l-3 2.5V11H2.5z",
    "check": "M3 8.5l3.25 3.25L13 5",
    "chevron-down": "M4 6l4 4 4-4",
    "chevron-left": "M10 4 6 8l4 4",
    "chevron-right": "M6 4l4 4-4 4",
    "clock": "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 4.75V8l2.25 1.5",
    "copy": "M5.5 5.5v-2a1 1 0 0 1 1-1h6a1 1 0 0 1 1 1v6a1 1 0 0 1-1 1h-2"
    "M3.5 5.5h6a1 1 0 0 1 1 1v6a1 1 0 0 1-1 1h-6a1 1 0 0 1-1-1v-6a1 1 0 0 1 1-1z",
    "done": "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM5.5 8.25l1.75 1.75 3.5-3.75",
    "download": "M8 2.5V10M4.75 7 8 10.25 11.25 7M2.75 13.25h10.5",
    "edit": "M10.5 3 13 5.5l-7.25 7.25h-2.5v-2.5zM9 4.5 11.5 7",
    "error": "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 5v3.5M8 10.75h.01",
    "external": "M6.5 3H3.75a.75.75 0 0 0-.75.75v8.5c0 .4.35.75.75.75h8.5a.75.75 0 0 0 .75-.75V9.5M9.5 2.5h4v4M13.5 2.5l-6 6",
    "eye": "M1.75 8S4 3.75 8 3.75 14.25 8 14.25 8 12 12.25 8 12.25 1.75 8 1.75 8zM8 9.75a1.75 1.75 0 1 0 0-3.5 1.75 1.75 0 0 0 0 3.5z",
    "file": "M9 1.75H4.5a1 1 0 0 0-1 1v10.5a1 1 0 0 0 1 1h7a1 1 0 0 0 1-1v-8zM9 1.75v3.5h3.5M5.75 8.5h4.5M5.75 11h3",
    "filter": "M2 4h12M4.5 8h7M6.75 12h2.5",
    "flag": "M3.5 14V2.5M3.5 3h8.75L10.5 6l1.75 3H3.5",
    "history": "M3 8a5 5 0 1 1 1.5 3.55L3 10M3 13.25V10h3.25M8 5.25V8l1.75 1.25",
    "home": "M2.5 7 8 2.5 13.5 7v6a.5.5 0 0 1-.5.5H9.75v-4h-3.5v4H3a.5.5 0 0 1-.5-.5z",
    "inbox": "M2.25 8.75 4 3.5h8l1.75 5.25v3.5A.75.75 0 0 1 13 13H3a.75.75 0 0 1-.75-.75zM2.25 8.75h3.5l.75 1.75h3l.75-1.75h3.5",
    "info": "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 7.5v3.25M8 5.25h.01",
    "key": "M9.75 9.5a3.5 3.5 0 1 0-3.4-2.65L2.25 11v2.75H5v-1.5h1.5v-1.5H8l1-1.3c.25.05.5.05.75.05zM10.75 5.25h.01",
    "layers": "M8 2.25 14 5.5 8 8.75 2 5.5zM2.75 8.5 8 11.25l5.25-2.75M2.75 11 8 13.75 13.25 11",
    "link": "M6.75 9.25a2.75 2.75 0 0 0 3.9 0l2.2-2.2a2.75 2.75 0 0 0-3.9-3.9l-.9.9"
    "M9.25 6.75a2.75 2.75 0 0 0-3.9 0l-2.2 2.2a2.75 2.75 0 0 0 3.9 3.9l.9-.9",
    "lock": "M4 7.25h8a.75.75 0 0 1 .75.75v5a.75.75 0 0 1-.75.75H4a.75.75 0 0 1-.75-.75V8A.75.75 0 0 1 4 7.25zM5.25 7V5a2.75 2.75 0 0 1 5.5 0v2",
    "logout": "M6.25 2.75H3.5a.75.75 0 0 0-.75.75v9c0 .4.35.75.75.75h2.75M10.25 5l3 3-3 3M13 8H6.25",
    "mail": "M2.5 3.5h11a.75.75 0 0 1 .75.75v7.5a.75.75 0 0 1-.75.75h-11a.75.75 0 0 1-.75-.75v-7.5a.75.75 0 0 1 .75-.75zM2 4.25l6 4.5 6-4.5",
    "megaphone": "M2.5 6.5v3l2 .25 1 3.25H7l-.75-3L13 12.5v-9L5 6.25z",
    "menu": "M2.5 4.5h11M2.5 8h11M2.5 11.5h11",
    "minus": "M3 8h10",
    "more": "M3.5 8h.01M8 8h.01M12.5 8h.01",
    "pause": "M5.5 3.5v9M10.5 3.5v9",
    "people": "M6 7.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM1.5 13.5c0-2.5 1.75-4 4.5-4s4.5 1.5 4.5 4"
    "M10.5 2.75a2.5 2.5 0 0 1 0 4.5M12 9.75c1.65.5 2.5 1.85 2.5 3.75",
    "person": "M8 7.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM3 13.5c0-2.5 2-4 5-4s5 1.5 5 4",
    "phone": "M5.5 2.5H3.25a1 1 0 0 0-1 1.1C2.75 9 7 13.25 12.4 13.75a1 1 0 0 0 1.1-1V10.5L10.5 9.25 9 10.75A8.5 8.5 0 0 1 5.25 7l1.5-1.5z",
    "plus": "M8 3v10M3 8h10",
    "print": "M4.5 5.75V2.5h7v3.25M4.5 11.5H3a.75.75 0 0 1-.75-.75V6.5c0-.4.35-.75.75-.75h10c.4 0 .75.35.75.75v4.25c0 .4-.35.75-.75.75h-1.5M4.5 9.25h7v4.25h-7z",
    "refresh": "M13 6.5A5.25 5.25 0 0 0 3.5 5M13.25 2.75V6.5H9.5M3 9.5A5.25 5.25 0 0 0 12.5 11M2.75 13.25V9.5H6.5",
    "search": "M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9zM10.25 10.25l3.25 3.25",
    "send": "M14 2 7 9M14 2 9.5 14 7 9 2 6.5z",
    "shield": "M8 1.75 3 3.5v4c0 3.25 2 5.5 5 6.75 3-1.25 5-3.5 5-6.75v-4zM5.75 7.75l1.6 1.6 2.9-3",
    "sliders": "M2.5 4.5h6M11.5 4.5h2M2.5 11.5h2M7.5 11.5h6M11.5 4.5a1.5 1.5 0 1 1-3 0 1.5 1.5 0 0 1 3 0z"
    "M7.5 11.5a1.5 1.5 0 1 1-3 0 1.5 1.5 0 0 1 3 0z",
    "sort-down": "M8 3v10M4 9l4 4 4-4",
    "sort-up": "M8 13V3M4 7l4-4 4 4",
    "star": "M8 1.75l1.9 3.95 4.35.6-3.15 3 .75 4.3L8 11.55 4.15 13.6l.75-4.3-3.15-3 4.35-.6z",
    "swap": "M3 5.5h9.5M10 3l2.5 2.5L10 8M13 10.5H3.5M6 8l-2.5 2.5L6 13",
    "tag": "M2.5 2.5h5l6 6-5 5-6-6zM5.25 5.25h.01",
    "trash": "M2.75 4.25h10.5M6 4V2.5h4V4M4 4.25l.6 9.25h6.8L12 4.25M6.75 7v4M9.25 7v4",
    "trophy": "M5 2.5h6v4a3 3 0 0 1-6 0zM5 3.5H2.75v1A2.25 2.25 0 0 0 5 6.75M11 3.5h2.25v1A2.25 2.25 0 0 1 11 6.75M8 9.5v4M5.25 13.5h5.5",
    "undo": "M3.5 6.5h6a3.25 3.25 0 0 1 0 6.5H6M6 4 3.5 6.5 6 9",
    "upload": "M8 10.25v-7.5M4.75 6 8 2.75 11.25 6M2.75 13.25h10.5",
    "wallet": "M2.5 4.5h9.75a1.25 1.25 0 0 1 1.25 1.25v6.5a1.25 1.25 0 0 1-1.25 1.25h-8.5a1.25 1.25 0 0 1-1.25-1.25z"
    "M2.5 4.5v-.75A1.25 1.25 0 0 1 3.75 2.5h7.5v2M10.75 9h.01",
    "warning": "M8 2.25 1.75 13h12.5zM8 6.5v3M8 11.25h.01",
    "x": "M4 4l8 8M12 4l-8 8",
}
MARKUP = {
    name: f'<svg class="icon" viewBox="0 0 16 16" aria-hidden="true"><path d="{path}"/></svg>'
    for name, path in PATHS.items()
}
# Callouts, toasts and money badges carry the icon of their tone.
TONE_ICONS = {"ok": "done", "warn": "warning", "bad": "error", "info": "info", "accent": "flag"}


def escaped(value: Any) -> SafeString:
    """Return conditional_escape(value); Django's own is wrapped for lazy results, which costs three times as much."""
    if isinstance(value, Promise):
        value = str(value)
    if hasattr(value, "__html__"):
        return SafeString(value.__html__())
    return SafeString(escape_text(str(value)))


def initials_of(name: str) -> str:
    """Return up to two initials: "Aoife Brennan" is AB, "Velden" is VE."""
    words = [word for word in name.replace("&", " ").split() if word[:1].isalnum()]
    if not words:
        return "?"
    return (words[0][0] + words[1][0] if len(words) > 1 else words[0][:2]).upper()


def hue_of(identity: Any) -> int:
    """Return the colour number 0 to 7: an id mod 8, a text by its checksum."""
    if isinstance(identity, int | UUID):
        return int(identity) % 8
    return crc32(str(identity).encode()) % 8


def time_mark(value: date | datetime, text: str, title: str = "") -> SafeString:
    """Return the text inside <time> with its machine form."""
    machine = (
        local_moment(value).isoformat(timespec="seconds")
        if isinstance(value, datetime)
        else value.isoformat()
    )
    titled = f' title="{escape_text(title)}"' if title else ""
    return SafeString(f'<time datetime="{machine}"{titled}>{escape_text(text)}</time>')


def day_mark(value: date | datetime | None, form: str = "long") -> SafeString:
    """Return a day; nothing becomes a dash."""
    if not value:
        return NOTHING
    value = local_moment(value) if isinstance(value, datetime) else value
    return time_mark(value, day_text(value, form))


def moment_mark(value: datetime | None, form: str = "long") -> SafeString:
    """Return day and time; nothing becomes a dash."""
    return time_mark(value, moment_text(value, form)) if value else NOTHING


def ago_mark(value: datetime | None, *, inside: bool = False) -> SafeString:
    """Return how long ago it was, with the full moment as title; inside a sentence without a capital."""
    if not value:
        return NOTHING
    value = local_moment(value)
    return time_mark(value, ago_text(value, now=timezone.now(), inside=inside), moment_text(value))
