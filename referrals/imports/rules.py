"""How a row of a foreign file becomes a referral: the mapping, the importer's choices, what is wrong with a row."""

import re
from collections.abc import Mapping as Dict
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, date, datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from partners.directory.rules import folded_name
from prm.web.foreign_formats import NOON, NotADate, NotANumber, TooPrecise, read_minor, read_moment
from referrals.pipeline.rules import company_domain, normalised_company, normalised_email

Value = TypeVar("Value")
# What a column may be: field -> longest text that is kept.
FIELDS: dict[str, int] = {
    "external_id": 80,
    "company": 160,
    "partner": 160,
    "submitted_by": 120,
    "stage": 60,
    "registered_at": 40,
    "closed_at": 40,
    "deal": 40,
    "product": 120,
    "website": 200,
    "contact_name": 120,
    "contact_title": 120,
    "contact_email": 254,
    "contact_phone": 40,
    "country": 2,
    "context": 5000,
    "reason": 1000,
    # The address of a partner's link, without the rest of the web address, and where it was shown.
    "link": 60,
    "channel": 60,
}
KINDS = ("submitted", "accepted", "qualified", "opportunity", "won", "lost", "rejected", "expired")
CLOSED = frozenset({"won", "lost", "rejected", "expired"})
# What may happen to rows that lack something; "stop" leaves the decision open, such rows are errors.
CHOICES: dict[str, tuple[str, ...]] = {
    "no_date": ("stop", "skip", "import_date", "close_date", "fixed"),
    "no_close_date": ("stop", "skip", "start_date", "import_date"),
    "no_company": ("stop", "skip", "name"),
    "no_partner": ("stop", "skip", "name"),
    "no_amount": ("stop", "skip", "zero"),
    "unknown_stage": ("stop", "skip", "submitted"),
    # Rows in the stage "submitted": the past, which asks nobody for an answer, or new work.
    "waiting": ("history", "queue"),
}
# Stands for a stage word that nobody has decided about.
UNDECIDED = "?"
# What a reader remembers of each kind, such as days it has read.
MOST_KEPT = 5_000
_SPACES = re.compile(r"\s+")
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


class BadMapping(ValueError):
    """A mapping names something that does not exist, or lacks what every import needs."""


@dataclass(frozen=True)
class People:
    """A second file that says which partner a person works for."""

    person: str
    partner: str
    file: str = ""


@dataclass(frozen=True)
class Mapping:
    """How a file is read. columns: field -> the file's heading. values: field -> {found: meant}."""

    columns: dict[str, str]
    name: str = ""
    date_order: str = "ymd"
    decimal: str = "."
    stages: dict[str, str] = field(default_factory=dict)
    values: dict[str, dict[str, str]] = field(default_factory=dict)
    custom: dict[str, str] = field(default_factory=dict)
    people: People | None = None
    no_date: str = "stop"
    no_close_date: str = "stop"
    no_company: str = "stop"
    no_partner: str = "stop"
    no_amount: str = "stop"
    unknown_stage: str = "stop"
    waiting: str = "history"
    fixed_date: date | None = None
    company_name: str = "Unknown account ({external_id})"
    partner_name: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return what is kept in the database."""
        kept = asdict(self)
        kept["fixed_date"] = self.fixed_date.isoformat() if self.fixed_date else None
        return kept


def mapping_from(given: Dict[str, Any]) -> Mapping:
    """Return the mapping of JSON as as_json() wrote it. Raises BadMapping for unknown names and values."""
    known = {item.name for item in fields(Mapping)}
    if unknown := sorted(set(given) - known):
        raise BadMapping(f"unknown setting: {', '.join(unknown)}")
    values = dict(given)
    if people := values.get("people"):
        values["people"] = People(**people)
    if isinstance(values.get("fixed_date"), str):
        values["fixed_date"] = date.fromisoformat(values["fixed_date"])
    mapping = Mapping(**{"columns": {}, **values})
    _check(mapping)
    return mapping


def _check(mapping: Mapping) -> None:
    if unknown := sorted(set(mapping.columns) - set(FIELDS)):
        raise BadMapping(f"unknown field: {', '.join(unknown)}")
    if unknown := sorted(
        {
            kind
            for kind in mapping.stages.values()
            if kind not in (*KINDS, "skip") and not kind.isdecimal()
        }
    ):
        raise BadMapping(f"unknown stage: {', '.join(unknown)}")
    for name, allowed in CHOICES.items():
        if getattr(mapping, name) not in allowed:
            raise BadMapping(f"{name} is one of {', '.join(allowed)}")
    if mapping.no_date == "fixed" and mapping.fixed_date is None:
        raise BadMapping("no_date = fixed needs fixed_date")
    if mapping.date_order not in {"dmy", "mdy", "ymd"} or mapping.decimal not in {".", ","}:
        raise BadMapping("date_order is dmy, mdy or ymd; decimal is . or ,")
    try:
        mapping.company_name.format(external_id="1", line=1)
    except (KeyError, IndexError, ValueError, AttributeError) as error:
        raise BadMapping("company_name may hold {external_id} and {line}") from error


def missing_columns(mapping: Mapping, headings: Sequence[str]) -> list[str]:
    """Return the headings the mapping reads that the file does not have."""
    return sorted(
        {
            heading
            for heading in (*mapping.columns.values(), *mapping.custom.values())
            if heading not in headings
        }
    )


@dataclass(frozen=True)
class Problem:
    """Something about one row. severity: error (stops it), skipped (left out by choice), warning (let in by choice)."""

    line: int
    column: str
    code: str
    value: str
    severity: str


@dataclass(frozen=True)
class StageTarget:
    """A stage of the program that words of the file lead to."""

    id: int
    kind: str


@dataclass(frozen=True)
class Setting:
    """What a row is read against. stages: lower-case word or kind -> target. people: folded person -> partner's name.

    now: the moment of the import. zone: the tenant's. tag: makes ids for files without any.
    """

    mapping: Mapping
    stages: dict[str, StageTarget]
    people: dict[str, str]
    currency: str
    zone: ZoneInfo
    now: datetime
    tag: str


@dataclass
class Draft:
    """A referral to be, with the moments of its way: registered, moved to its stage."""

    line: int
    external_id: str
    partner: str
    partner_norm: str
    stage: StageTarget
    company: str
    company_norm: str
    registered_at: datetime
    stage_at: datetime
    deal_minor: int | None
    submitted_by: str = ""
    product: str = ""
    website: str = ""
    domain: str = ""
    contact_name: str = ""
    contact_title: str = ""
    contact_email: str = ""
    email_norm: str = ""
    contact_phone: str = ""
    country: str = ""
    context: str = ""
    reason: str = ""
    link: str = ""
    channel: str = ""
    custom: dict[str, str] = field(default_factory=dict)


def _clean(cell: str) -> str:
    text = cell.strip()
    return text if text.isprintable() else _UNPRINTABLE.sub("", text)


def _keep(known: dict[str, Value], key: str, value: Value) -> Value:
    """Remember a value, of a bounded number of them, and return it."""
    if len(known) >= MOST_KEPT:
        known.clear()
    known[key] = value
    return value


def folded(text: str) -> str:
    """Return a name as look-ups compare it: lower case, spaces folded."""
    return _SPACES.sub(" ", text).strip().casefold()


class _Out(Exception):
    def __init__(self, column: str, code: str, value: str = "", severity: str = "error") -> None:
        super().__init__(code)
        self.column, self.code, self.value, self.severity = column, code, value, severity


class RowReader:
    """Reads the rows of one file under one mapping. used_now: the day of the import stands in some row for another."""

    def __init__(self, headings: Sequence[str], setting: Setting) -> None:
        self.setting, self.mapping, self.used_now = setting, setting.mapping, False
        self.today = setting.now.astimezone(setting.zone).date()
        position = {heading: index for index, heading in enumerate(headings)}
        self.customs = {
            key: position[heading]
            for key, heading in self.mapping.custom.items()
            if heading in position
        }
        self.values = {
            name: {folded(found): meant for found, meant in pairs.items()}
            for name, pairs in self.mapping.values.items()
        }
        self.places = {
            name: position[heading]
            for name, heading in self.mapping.columns.items()
            if heading in position
        }
        self.stages = {folded(word): kind for word, kind in self.mapping.stages.items()}
        # Files repeat days, partners and stages thousands of times.
        self.moments: dict[str, datetime] = {}
        self.partner_norms: dict[str, str] = {}
        self.targets: dict[str, StageTarget] = {}

    def read(self, line: int, row: Sequence[str]) -> tuple[Draft | None, list[Problem]]:
        """Return the draft of a row, None when it stays out, and what is to be said about it."""
        self.line, self.problems = line, list[Problem]()
        try:
            draft: Draft | None = self._draft(row)
        except _Out as out:
            column = self.mapping.columns.get(out.column, out.column)
            self.problems.append(Problem(line, column, out.code, out.value[:200], out.severity))
            draft = None
        # What stops a row is all that matters about it; a row left out on purpose has no errors.
        for severity in ("skipped", "error"):
            if stopping := [said for said in self.problems if said.severity == severity]:
                return None, stopping
        return draft, self.problems

    def _draft(self, row: Sequence[str]) -> Draft:
        text = {name: self._text(name, row[place]) for name, place in self.places.items()}
        given = text.get
        external_id = given("external_id") or self._own_id()
        stage = self._stage(given("stage", ""))
        company = given("company") or self._company(external_id)
        partner = self._partner(text)
        registered_at, stage_at = self._moments(text, stage)
        email, website = self._email(given("contact_email", "")), given("website", "")
        return Draft(
            line=self.line,
            external_id=external_id,
            partner=partner,
            partner_norm=self._partner_norm(partner),
            stage=stage,
            company=company,
            company_norm=normalised_company(company),
            registered_at=registered_at,
            stage_at=stage_at,
            deal_minor=self._deal(given("deal", ""), stage),
            submitted_by=given("submitted_by", ""),
            product=given("product", ""),
            website=website,
            domain=company_domain(website, email),
            contact_name=given("contact_name", ""),
            contact_title=given("contact_title", ""),
            contact_email=email,
            email_norm=normalised_email(email),
            contact_phone=given("contact_phone", ""),
            country=self._country(given("country", "")),
            context=given("context", ""),
            reason=given("reason", ""),
            link=given("link", ""),
            channel=given("channel", ""),
            custom={
                key: value[:500]
                for key, place in self.customs.items()
                if (value := _clean(row[place]))
            },
        )

    def _text(self, name: str, cell: str) -> str:
        text = _clean(cell)
        if not text and name not in self.values:
            return ""
        if name != "context" and ("  " in text or not text.isprintable()):
            text = _SPACES.sub(" ", text)
        if name in self.values:
            text = self.values[name].get(folded(text), text)
        if len(text) > FIELDS[name]:
            if name == "external_id":
                raise _Out(name, "too_long", text)
            self._say(name, "shortened", text)
            text = text[: FIELDS[name]]
        return text

    def _partner_norm(self, partner: str) -> str:
        if (norm := self.partner_norms.get(partner)) is None:
            norm = _keep(self.partner_norms, partner, folded_name(partner))
        return norm

    def _say(self, name: str, code: str, value: str = "", severity: str = "warning") -> None:
        column = self.mapping.columns.get(name, name)
        self.problems.append(Problem(self.line, column, code, value[:200], severity))

    def _undecided(self, name: str, code: str, choice: str, value: str = "") -> None:
        """Say what the row lacks, and whether it stops the row (its fate is open), leaves it out, or is made good."""
        if choice == "skip":
            raise _Out(name, code, value, "skipped")
        self._say(name, code, value, "error" if choice == "stop" else "warning")

    def _own_id(self) -> str:
        if "external_id" in self.places:
            raise _Out("external_id", "no_id")
        return f"{self.setting.tag}:{self.line}"

    def _stage(self, word: str) -> StageTarget:
        if "stage" not in self.places:
            return self.setting.stages["submitted"]
        if known := self.targets.get(word):
            return known
        kind = self.stages.get(folded(word))
        if kind == "skip":
            raise _Out("stage", "stage_left_out", word, "skipped")
        target = self.setting.stages.get(kind) if kind else self.setting.stages.get(folded(word))
        if target is None:
            self._undecided("stage", "unknown_stage", self.mapping.unknown_stage, word)
            return self.setting.stages["submitted"]
        return _keep(self.targets, word, target)

    def _company(self, external_id: str) -> str:
        self._undecided("company", "no_company", self.mapping.no_company)
        return self.mapping.company_name.format(external_id=external_id, line=self.line)[
            : FIELDS["company"]
        ]

    def _partner(self, text: Dict[str, str]) -> str:
        found, code, value = text.get("partner", ""), "no_partner", ""
        if not found and self.mapping.people is not None:
            value = text.get("submitted_by", "")
            found = self.setting.people.get(folded(value), "")
            code = "unknown_person" if value else "no_partner"
        elif not found and "partner" not in self.places and self.mapping.partner_name:
            return self.mapping.partner_name
        if found:
            return found
        name = "submitted_by" if self.mapping.people is not None else "partner"
        self._undecided(
            name,
            code,
            self.mapping.no_partner
            if self.mapping.partner_name or self.mapping.no_partner != "name"
            else "stop",
            value,
        )
        return self.mapping.partner_name

    def _moments(self, text: Dict[str, str], stage: StageTarget) -> tuple[datetime, datetime]:
        start, close = self._moment("registered_at", text), self._moment("closed_at", text)
        if start is None:
            start = self._start(close)
        if stage.kind not in CLOSED:
            return start, start
        if close is None:
            self._undecided("closed_at", "no_close_date", self.mapping.no_close_date)
            close = start if self.mapping.no_close_date == "start_date" else max(self._now(), start)
        if close < start:
            raise _Out("closed_at", "closed_before_start", text.get("closed_at", ""))
        return start, close

    def _start(self, close: datetime | None) -> datetime:
        choice = self.mapping.no_date
        if choice == "close_date" and close is None:
            raise _Out("registered_at", "no_date")
        self._undecided("registered_at", "no_date", choice)
        if choice in {"close_date", "stop"} and close is not None:
            return close
        if choice == "fixed" and self.mapping.fixed_date is not None:
            return datetime.combine(
                self.mapping.fixed_date, NOON, tzinfo=self.setting.zone
            ).astimezone(UTC)
        return self._now()

    def _now(self) -> datetime:
        self.used_now = True
        return self.setting.now

    def _moment(self, name: str, text: Dict[str, str]) -> datetime | None:
        written = text.get(name)
        if not written:
            return None
        if known := self.moments.get(written):
            return known
        try:
            moment = read_moment(written, self.mapping.date_order, self.setting.zone)
        except NotADate as error:
            raise _Out(name, "bad_date", written) from error
        # Noon of today may lie ahead of the clock; tomorrow is a mistake.
        if moment.astimezone(self.setting.zone).date() > self.today:
            raise _Out(name, "in_future", written)
        return _keep(self.moments, written, moment.astimezone(UTC))

    def _deal(self, text: str, stage: StageTarget) -> int | None:
        if not text:
            if stage.kind == "won":
                self._undecided("deal", "no_amount", self.mapping.no_amount)
                return 0
            return None
        try:
            minor = read_minor(text, self.mapping.decimal, self.setting.currency)
        except TooPrecise as error:
            raise _Out("deal", "too_precise", text) from error
        except NotANumber as error:
            raise _Out("deal", "bad_amount", text) from error
        if minor < 0:
            raise _Out("deal", "negative_amount", text)
        return minor if minor or stage.kind == "won" else None

    def _email(self, text: str) -> str:
        if text and not _EMAIL.fullmatch(text):
            self._say("contact_email", "bad_email", text)
            return ""
        return text

    def _country(self, text: str) -> str:
        if text and not re.fullmatch(r"[A-Za-z]{2}", text):
            self._say("country", "bad_country", text)
            return ""
        return text.upper()
