"""What a plan version says apart from its rules, and the deal of the worked example."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext_lazy as _

from commissions.plans.models import PlanVersion
from commissions.plans.services import PlanTerms
from commissions.plans.terms import Activity, Budget, Cap, Policy, Preferred
from prm.money import Money
from prm.web.formats import day_text
from prm.web.forms import DateField, MoneyField

NUMERIC = {"inputmode": "numeric"}
PERIODS = [
    ("year", _("Calendar year")),
    ("quarter", _("Quarter")),
    ("month", _("Month")),
]
# A limit on all rewards together, by the field that holds it.
CAPS = {
    "cap_referral": ("referral", "lifetime", _("At most per referral")),
    "cap_partner": ("partner", "lifetime", _("At most per partner, in all")),
    "cap_year": ("partner", "year", _("At most per partner and calendar year")),
    "cap_quarter": ("partner", "quarter", _("At most per partner and quarter")),
    "cap_month": ("partner", "month", _("At most per partner and month")),
}
# The sections of the page, in order: fields, and whether the section is folded while it says nothing.
DATES = ("starts_on", "notice_days", "hold_days", "minimum_payout")
COUNTING = ("base", "basis", "two_stage", "after_loss")
ACTIVITY = ("activity_n", "activity_period", "activity_mode")
PREFERRED = ("preferred_n", "preferred_period", "preferred_notice")
LIMITS = (*CAPS, "budget", "budget_period")
WORDS = ("rationale", "note")


def _number(label: Any, *, low: int, high: int, **options: Any) -> forms.IntegerField:
    return forms.IntegerField(
        label=label,
        min_value=low,
        max_value=high,
        widget=forms.NumberInput(attrs=NUMERIC),
        **options,
    )


class PlanForm(forms.Form):
    """What a version says apart from its rules."""

    starts_on = DateField(
        label=_("In force from"),
        help_text=_("Referrals registered from this day on are priced by it, for ever."),
    )
    notice_days = _number(
        _("Notice, in days"),
        low=0,
        high=365,
        help_text=_("Partners learn of new terms at least so many days before they take effect."),
    )
    hold_days = _number(
        _("Hold, in days"),
        low=0,
        high=730,
        help_text=_("From the day a commission is earned until it may be paid."),
    )
    base = forms.ChoiceField(
        label=_("Percentages count on"),
        choices=[
            ("gross", _("The amount as it is booked")),
            ("net", _("The amount without tax and discount")),
        ],
    )
    basis = forms.ChoiceField(
        label=_("Earned when"),
        choices=[
            ("invoice", _("The payment is booked")),
            ("cash", _("The money comes in, in proportion")),
        ],
    )
    two_stage = forms.ChoiceField(
        label=_("Reward for qualifying and for winning"),
        choices=[
            ("additive", _("Both are paid in full")),
            ("deductible", _("The first is taken off the second")),
        ],
    )
    after_loss = forms.ChoiceField(
        label=_("A qualified referral that is lost later"),
        choices=[("keep", _("Keeps what it earned")), ("take_back", _("Gives it back"))],
    )
    activity_n = _number(
        _("Wins that keep a partner active"),
        low=1,
        high=1000,
        required=False,
        help_text=_("For rules that pay while the partner is active."),
    )
    activity_period = forms.ChoiceField(label=_("Within"), required=False, choices=PERIODS)
    activity_mode = forms.ChoiceField(
        label=_("Counted"),
        required=False,
        choices=[
            ("rolling", _("In any such span of time")),
            ("calendar", _("By the calendar")),
        ],
    )
    preferred_n = _number(
        _("Referrals that keep preferred terms"),
        low=1,
        high=1000,
        required=False,
        help_text=_("Rules tell preferred from standard terms by a condition."),
    )
    preferred_period = forms.ChoiceField(label=_("Sent per"), required=False, choices=PERIODS)
    preferred_notice = _number(
        _("Days until standard terms count"), low=0, high=365, required=False, initial=30
    )
    budget_period = forms.ChoiceField(
        label=_("Budget per"),
        required=False,
        choices=[*PERIODS[::-1], ("lifetime", _("The whole time"))],
    )
    rationale = forms.CharField(
        label=_("Why the plan is as it is"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("For those who run it after you. Partners do not see it."),
    )
    note = forms.CharField(
        label=_("Note for colleagues"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Why the terms change. Partners do not see it."),
    )

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["minimum_payout"] = MoneyField(
            currencies=[currency],
            label=_("Smallest payout"),
            required=False,
            help_text=_("Less is carried forward to the next payout."),
        )
        self.fields["budget"] = MoneyField(
            currencies=[currency],
            zero=False,
            label=_("Budget of the program"),
            required=False,
            help_text=_("What is earned beyond it waits for the next period; nothing is lost."),
        )
        for name, (_per, _period, label) in CAPS.items():
            self.fields[name] = MoneyField(
                currencies=[currency], zero=False, label=label, required=False
            )
        self.order_fields([*DATES, *COUNTING, *ACTIVITY, *PREFERRED, *LIMITS, *WORDS])

    def starts_at(self, zone: ZoneInfo) -> datetime:
        """Return the start: midnight of the tenant's zone."""
        return datetime.combine(self.cleaned_data["starts_on"], time(), zone).astimezone(UTC)

    def hold_to_notice(self, former: PlanVersion | None, today: date, zone: ZoneInfo) -> None:
        """Refuse a start before the version before starts, or before the notice that partners are promised has passed.

        today: in the tenant's zone. A first version may start any day.
        """
        starts_on = self.cleaned_data.get("starts_on")
        if former is None or starts_on is None:
            return
        before = former.starts_at.astimezone(zone).date()
        days = max(former.notice_days, self.cleaned_data.get("notice_days") or 0)
        if starts_on <= today:
            self.add_error(
                "starts_on",
                _("Terms cannot change after the fact: choose a day from tomorrow on"),
            )
        elif starts_on <= before:
            self.add_error(
                "starts_on",
                _("Another version starts on %(day)s: choose a later day")
                % {"day": day_text(before)},
            )
        elif starts_on <= today + timedelta(days=days) and days:
            # Notice runs from a moment of today: whole days later it is over.
            earliest = day_text(today + timedelta(days=days + 1))
            self.add_error(
                "starts_on",
                _("Partners are promised %(days)s days' notice: choose %(day)s or later")
                % {"days": days, "day": earliest},
            )

    def section(self, names: tuple[str, ...]) -> list[Any]:
        """Return some fields in their order."""
        return [self[name] for name in names]

    @property
    def sections(self) -> list[tuple[Any, list[Any], bool]]:
        """The folded sections: heading, fields, whether it says something and is open."""
        return [
            (_("How amounts count"), self.section(COUNTING), self._says(COUNTING)),
            (_("While the partner is active"), self.section(ACTIVITY), self._says(ACTIVITY[:1])),
            (_("Preferred terms"), self.section(PREFERRED), self._says(PREFERRED[:1])),
            (_("Limits and budget"), self.section(LIMITS), self._says(LIMITS[:-1])),
        ]

    def _says(self, names: tuple[str, ...]) -> bool:
        usual = {"gross", "invoice", "additive", "keep"}
        for name in names:
            value = self[name].value()
            given = value[0] if isinstance(value, list) else value
            if self[name].errors or (given not in (None, "") and given not in usual):
                return True
        return False

    @property
    def dates(self) -> list[Any]:
        """The fields that always show."""
        return self.section(DATES)

    @property
    def words(self) -> list[Any]:
        """The fields for colleagues."""
        return self.section(WORDS)

    @property
    def policy(self) -> Policy:
        """What a valid form says for all rules."""
        data = self.cleaned_data
        budget = data.get("budget")
        return Policy(
            base=data["base"],
            basis=data["basis"],
            two_stage=data["two_stage"],
            after_loss=data["after_loss"],
            caps=tuple(
                Cap(data[name].minor, per, period)
                for name, (per, period, _label) in CAPS.items()
                if data.get(name)
            ),
            budget=Budget(budget.minor, data["budget_period"] or "month") if budget else None,
            activity=Activity(
                data["activity_n"],
                data["activity_period"] or "year",
                data["activity_mode"] or "rolling",
            )
            if data.get("activity_n")
            else None,
            preferred=Preferred(
                data["preferred_n"],
                data["preferred_period"] or "year",
                30 if data["preferred_notice"] is None else data["preferred_notice"],
            )
            if data.get("preferred_n")
            else None,
        )

    @staticmethod
    def initial_of(terms: PlanTerms, currency: str) -> dict[str, Any]:
        """Return what the form shows of a version."""
        policy = terms.policy
        shown: dict[str, Any] = {
            "notice_days": terms.notice_days,
            "hold_days": terms.hold_days,
            "minimum_payout": _money(terms.minimum_payout_minor, currency),
            "note": terms.note,
            "rationale": terms.rationale,
            "base": policy.base,
            "basis": policy.basis,
            "two_stage": policy.two_stage,
            "after_loss": policy.after_loss,
        }
        for cap in policy.caps:
            for name, (per, period, _label) in CAPS.items():
                if (cap.per, cap.period if per == "partner" else "lifetime") == (per, period):
                    shown[name] = _money(cap.minor, currency)
        if policy.budget:
            shown |= {
                "budget": _money(policy.budget.minor, currency),
                "budget_period": policy.budget.period,
            }
        if policy.activity:
            shown |= {
                "activity_n": policy.activity.successes,
                "activity_period": policy.activity.period,
                "activity_mode": policy.activity.mode,
            }
        if policy.preferred:
            shown |= {
                "preferred_n": policy.preferred.minimum,
                "preferred_period": policy.preferred.period,
                "preferred_notice": policy.preferred.notice_days,
            }
        return shown


class ExampleForm(forms.Form):
    """The deal of the worked example; a bad one is shown as such and refuses nothing."""

    def __init__(self, data: Any = None, *, currency: str, deal: Money) -> None:
        super().__init__(data, initial={"example": deal})
        self.usual = deal
        self.fields["example"] = MoneyField(
            currencies=[currency], zero=False, label=_("Example deal")
        )

    @property
    def deal(self) -> Money:
        """The deal given, or the usual one."""
        return self.cleaned_data["example"] if self.is_valid() else self.usual


def _money(minor: int | None, currency: str) -> Money | None:
    return Money(minor, currency) if minor else None
