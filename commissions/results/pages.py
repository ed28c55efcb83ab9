"""What the page of a bank's answer shows above its rows."""

from collections import Counter
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext, ngettext

from commissions.results.models import Match
from commissions.results.selectors import file_totals
from commissions.results.wording import match_words, outcome_words
from prm.web.formats import money_text, number_text
from prm.web.parts import Stat, Tab


def result_stats(file_id: UUID, counts: Counter[str]) -> list[Stat]:
    """Return what the matched rows come to, by outcome and currency, and how many are left."""
    totals = [
        Stat(
            f"{outcome_words(outcome)}, {total.currency}",
            money_text(total.amount_minor, total.currency),
            note=ngettext("%(count)s row", "%(count)s rows", total.payout_count)
            % {"count": number_text(total.payout_count)},
        )
        for outcome, total in file_totals(file_id)
    ]
    left = counts[Match.UNMATCHED]
    return [
        *totals,
        Stat(
            gettext("Not matched"),
            ngettext("%(count)s row", "%(count)s rows", left) % {"count": number_text(left)},
            note=gettext("A person has to look") if left else gettext("Nothing is left over"),
        ),
    ]


def result_tabs(file_id: UUID, counts: Counter[str], view: str) -> list[Tab]:
    """Return the views of a file's rows with their counts; empty ones are left out."""
    base = reverse("commissions:result-detail", kwargs={"file_id": file_id})
    every = Tab(
        gettext("All rows"), base, current=not view, count=number_text(sum(counts.values()))
    )
    return [
        every,
        *(
            Tab(
                match_words(match),
                f"{base}?view={match}",
                current=match == view,
                count=number_text(counts[match]),
                hot=match == Match.UNMATCHED,
            )
            for match in Match.values
            if counts[match]
        ),
    ]
