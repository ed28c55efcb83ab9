"""The whole editor of a plan version: form, rules, and what the buttons between them do; it needs no scripts."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any
from uuid import UUID

from django.forms import Form
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from commissions.plans.forms import PlanForm
from commissions.plans.forms_rules import KINDS, RuleForm, initial_of, kind_choices
from commissions.plans.services import PlanTerms, RuleTerms
from commissions.plans.shapes import Rule, Version
from commissions.plans.terms import PLAIN_POLICY, Policy
from commissions.plans.wording import rule_words
from prm.templatetags.fields import form_errors

MAX_RULES = 12
# What the editor offers where a program has no plan yet.
FIRST_RULES = (RuleTerms("revenue", "percent", rate=Decimal("0.1"), scope="first"),)
NUMBER = "([0-9]{1,3})"


class PlanEditor:
    """What was stored or typed, with what the pressed button did to its rows."""

    def __init__(
        self,
        currency: str,
        *,
        terms: PlanTerms | None = None,
        starts_on: Any = None,
        data: QueryDict | None = None,
    ) -> None:
        self.currency = currency
        self.action = data.get("act", "save") if data else ""
        if data is None:
            shown = terms or PlanTerms(FIRST_RULES, notice_days=30)
            initial = {"starts_on": starts_on, **PlanForm.initial_of(shown, currency)}
            self.form = PlanForm(currency=currency, initial=initial)
            self.rows = []
            for number, rule in enumerate(shown.rules):
                kind, values = initial_of(rule, currency)
                self.rows.append(self._row(number, kind, initial=values))
        else:
            self.form = PlanForm(_with_usual(data), currency=currency)
            self.rows = [
                self._row(number, _kind(data.get(f"r{number}-kind", "")), data)
                for number in _numbers(data)
            ]
            self._press(data)

    def _press(self, data: QueryDict) -> None:
        """Do what the button asks for: add or take out a rule, a band or a condition.

        The answer begins in the first field of what came, or of the rule beside what went.
        """
        if self.action == "add" and self.may_add:
            number = max((self._number(row) for row in self.rows), default=-1) + 1
            kind = _kind(data.get("new_kind", ""))
            first = {"event": "lifetime", "reward": "percent"}
            self.rows.append(self._row(number, kind, initial=first))
            _begin_in(self.rows[-1])
        elif found := re.fullmatch(f"remove-{NUMBER}", self.action):
            place = next(
                (at for at, row in enumerate(self.rows) if self._number(row) == int(found[1])), None
            )
            if place is not None:
                del self.rows[place]
                _begin_in(*self.rows[: place + 1][-1:])
        elif found := re.fullmatch(f"add-(band|condition)-{NUMBER}", self.action):
            for row in self.rows:
                if self._number(row) == int(found[2]):
                    _begin_in(*_add(row, found[1]))
        elif found := re.fullmatch(f"remove-(band|condition)-{NUMBER}-{NUMBER}", self.action):
            for row in self.rows:
                if self._number(row) == int(found[2]):
                    _rows(row, found[1]).remove(int(found[3]))
                    _begin_in(row)

    def _row(
        self,
        number: int,
        kind: str,
        data: QueryDict | None = None,
        initial: dict[str, Any] | None = None,
    ) -> RuleForm:
        return RuleForm(
            data, currency=self.currency, kind=kind, prefix=f"r{number}", initial=initial
        )

    @staticmethod
    def _number(row: RuleForm) -> int:
        return int((row.prefix or "r0")[1:])

    @property
    def numbered(self) -> list[tuple[str, RuleForm]]:
        """The rows with the number each carries."""
        return [((row.prefix or "")[1:], row) for row in self.rows]

    @property
    def kinds(self) -> list[tuple[str, str]]:
        """What can be added, in words."""
        return kind_choices()

    @property
    def may_add(self) -> bool:
        """Whether another row fits."""
        return len(self.rows) < MAX_RULES

    @property
    def wants_saving(self) -> bool:
        """Whether a saving button was pressed, not one that changes the rows or the example."""
        return self.action in {"save", "review"}

    @cached_property
    def is_valid(self) -> bool:
        """Whether everything can be saved."""
        valid = all([self.form.is_valid(), *(_stands(row) for row in self.rows)])
        if valid and self._needs_activity:
            self.form.add_error(
                "activity_n", _("A rule pays while the partner is active: say when it is")
            )
            return False
        return valid and bool(self.rows)

    @property
    def _needs_activity(self) -> bool:
        scopes = {row.terms.scope for row in self.rows}
        return "active" in scopes and not self.form.cleaned_data.get("activity_n")

    @property
    def problems(self) -> list[dict[str, str]]:
        """The rows' errors for the summary, each with the field it leads to."""
        found = [] if self.rows else [{"text": str(_("Add at least one rule")), "target": ""}]
        for number, row in enumerate(self.rows, start=1):
            for form in [row, *row.bands.forms, *row.conditions.forms]:
                for problem in form_errors(form):
                    words = {"number": number, "problem": problem["text"]}
                    text = str(_("Rule %(number)s: %(problem)s") % words)
                    found.append({"text": text, "target": problem["target"]})
        return found

    def hold_back_problems(self) -> None:
        """Show nothing as wrong that nobody asked to be saved yet; which rules are complete is known by then."""
        if self.wants_saving or len(self.complete) == len(self.rows):
            return
        for row in self.rows:
            for form in [row, *row.bands.forms, *row.conditions.forms]:
                form.errors.clear()

    @property
    def terms(self) -> PlanTerms:
        """What a valid editor says."""
        data = self.form.cleaned_data
        minimum = data.get("minimum_payout")
        return PlanTerms(
            rules=[row.terms for row in self.rows],
            hold_days=data["hold_days"],
            minimum_payout_minor=minimum.minor if minimum else 0,
            note=data["note"],
            policy=self.form.policy,
            notice_days=data["notice_days"],
            rationale=data["rationale"],
        )

    @cached_property
    def complete(self) -> list[RuleForm]:
        """The rows of which the worked example can tell what they pay."""
        return [row for row in self.rows if row.is_bound and _stands(row)]

    def preview(self) -> Version:
        """Return the complete rows as the engine takes them, for the worked example."""
        policy = self.form.policy if self.form.is_valid() else PLAIN_POLICY
        return preview_of([row.terms for row in self.complete], self.currency, policy)


def preview_of(rules: Sequence[RuleTerms], currency: str, policy: Policy = PLAIN_POLICY) -> Version:
    """Return rules as a version the engine takes, before there is one."""
    return Version(
        id=UUID(int=0),
        number=0,
        currency=currency,
        starts_at=datetime.min.replace(tzinfo=UTC),
        ends_at=None,
        hold_days=0,
        minimum_payout_minor=0,
        rules=tuple(Rule(id=number, **rule.__dict__) for number, rule in enumerate(rules)),
        policy=policy,
    )


def sentences_of(version: Version) -> list[str]:
    """Return each rule as the partner will read it."""
    return [rule_words(rule, version.currency) for rule in version.rules]


def _stands(row: RuleForm) -> bool:
    """Tell whether a row with all its bands and conditions can be kept."""
    return row.is_valid() and not row.has_errors and not row.has_open_rows


def _numbers(data: QueryDict) -> list[int]:
    """Return the rows that were posted; what nobody numbered is left out."""
    found = [
        int(text)
        for text in data.getlist("row")[:MAX_RULES]
        if text.isascii() and text.isdigit() and len(text) < 4
    ]
    return list(dict.fromkeys(found))


def _kind(text: str) -> str:
    """Return a kind of rule that there is, a share for any other."""
    parts = text.split("+")
    return text if parts and all(part in KINDS for part in parts) and len(parts) < 3 else "share"


def _rows(row: RuleForm, what: str) -> Any:
    return row.bands if what == "band" else row.conditions


def _add(row: RuleForm, what: str) -> list[Form]:
    """Add a row, unless the rule is full, and return its last, if it has any."""
    rows = _rows(row, what)
    if what == "condition":
        rows.add({"join": "and"})
    else:
        last = rows.forms[-1] if rows.forms else None
        # The new band begins where the one before ends.
        rows.add({"start": last["end"].value() or "" if last else "0"})
    return list(rows.forms[-1:])


def _begin_in(*forms: Form) -> None:
    """Let the page begin in the first field of the form, if there is one; how conditions are joined comes second."""
    for form in forms:
        name = next(name for name in form.fields if name != "join")
        form.fields[name].widget.attrs["autofocus"] = True


def _with_usual(data: QueryDict) -> QueryDict:
    """Fill in what a form sent without its folded sections leaves open: the usual, which is no policy at all."""
    full = data.copy()
    for name, value in (
        ("notice_days", "0"),
        ("base", "gross"),
        ("basis", "invoice"),
        ("two_stage", "additive"),
        ("after_loss", "keep"),
    ):
        full.setdefault(name, value)
    return full
