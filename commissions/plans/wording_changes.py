"""The difference of two plan versions in the reader's language: old and new sentences side by side."""

from collections import defaultdict
from dataclasses import dataclass

from django.utils.translation import gettext

from commissions.plans.shapes import Rule, Version
from commissions.plans.wording import hold_words, rule_words
from commissions.plans.wording_terms import policy_lines, usual_words
from prm.web.formats import money_text


@dataclass(frozen=True)
class Compared:
    """One thing both versions may say; an empty side says nothing about it."""

    subject: str
    before: str
    after: str

    @property
    def is_changed(self) -> bool:
        """Whether the two sides differ."""
        return self.before != self.after


Kind = tuple[str, str, str]


@dataclass(frozen=True)
class Comparison:
    """Two versions beside each other: what differs, and what both say."""

    changed: list[Compared]
    kept: list[Compared]


def comparison(old: Version | None, new: Version) -> Comparison:
    """Return what differs and what stays."""
    rows = compared(old, new)
    return Comparison(
        [row for row in rows if row.is_changed], [row for row in rows if not row.is_changed]
    )


def compared(old: Version | None, new: Version) -> list[Compared]:
    """Return everything that either version says, rules first, each with its counterpart.

    Rules are paired by what they pay for: those that say the same first, the rest in their order. Both versions are
    read in the active language.
    """
    before = _rules_by_kind(old)
    after = _rules_by_kind(new)
    found = []
    for kind in dict.fromkeys([*before, *after]):
        subject = _kind_words(kind)
        found += [Compared(subject, was, now) for was, now in _paired(before[kind], after[kind])]
    old_policy = policy_lines(old.policy, old.currency) if old else []
    new_policy = policy_lines(new.policy, new.currency)
    for subject in dict.fromkeys(subject for subject, _ in [*old_policy, *new_policy]):
        usual = [words] if (words := usual_words(subject)) else []
        was = [words for about, words in old_policy if about == subject] or (usual if old else [])
        now = [words for about, words in new_policy if about == subject] or usual
        found += [Compared(subject, left, right) for left, right in _paired(was, now)]
    found.append(
        Compared(
            gettext("Hold"), hold_words(old.hold_days) if old else "", hold_words(new.hold_days)
        )
    )
    if new.minimum_payout_minor or (old and old.minimum_payout_minor):
        found.append(
            Compared(
                gettext("Smallest payout"),
                money_text(old.minimum_payout_minor, old.currency) if old else "",
                money_text(new.minimum_payout_minor, new.currency),
            )
        )
    return found


def differences(old: Version | None, new: Version) -> list[Compared]:
    """Return what a reader of both versions would notice; nothing when they say the same."""
    return [row for row in compared(old, new) if row.is_changed]


def _rules_by_kind(version: Version | None) -> defaultdict[Kind, list[str]]:
    found: defaultdict[Kind, list[str]] = defaultdict(list)
    for rule in version.rules if version else ():
        found[_kind_of(rule)].append(rule_words(rule, version.currency if version else ""))
    return found


def _paired(before: list[str], after: list[str]) -> list[tuple[str, str]]:
    """Pair equal sentences first, then the others in order; what is left over stands alone."""
    was, now = list(before), list(after)
    pairs = []
    for words in before:
        if words in now:
            was.remove(words)
            now.remove(words)
            pairs.append((words, words))
    longest = max(len(was), len(now))
    was += [""] * (longest - len(was))
    now += [""] * (longest - len(now))
    return [*pairs, *zip(was, now, strict=True)]


def _kind_of(rule: Rule) -> Kind:
    return rule.trigger, rule.scope, rule.terms.bonus.kind if rule.terms.bonus else ""


def _kind_words(kind: Kind) -> str:
    trigger, scope, bonus = kind
    if bonus:
        return {
            "nth": gettext("Repeat bonus"),
            "streak": gettext("Streak bonus"),
            "threshold": gettext("Threshold bonus"),
            "renewal": gettext("Renewal bonus"),
        }[bonus]
    return {
        ("qualified", ""): gettext("Referral qualifies"),
        ("won", ""): gettext("Referral is won"),
        ("revenue", "first"): gettext("First payment"),
        ("revenue", "months"): gettext("Payments of the first months"),
        ("revenue", "lifetime"): gettext("Every payment"),
        ("revenue", "active"): gettext("Every payment while active"),
    }[trigger, scope]
