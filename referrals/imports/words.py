"""Fields, choices and problems of imports as people read them."""

from typing import Any

from django.utils.translation import gettext_lazy as _

FIELD_LABELS: dict[str, Any] = {
    "external_id": _("Id in the other system"),
    "company": _("Company"),
    "partner": _("Partner"),
    "submitted_by": _("Sent by (person)"),
    "stage": _("Stage"),
    "registered_at": _("Date registered"),
    "closed_at": _("Date closed"),
    "deal": _("Deal value"),
    "product": _("Product"),
    "website": _("Website"),
    "contact_name": _("Contact name"),
    "contact_title": _("Contact's job title"),
    "contact_email": _("Contact email"),
    "contact_phone": _("Contact phone"),
    "country": _("Country (two letters)"),
    "context": _("Notes"),
    "reason": _("Reason lost or declined"),
    "link": _("Partner's link"),
    "channel": _("Channel"),
}
PROBLEMS: dict[str, Any] = {
    "no_date": _("No date registered"),
    "no_close_date": _("Won or lost without a closing date"),
    "no_company": _("No company"),
    "no_partner": _("No partner"),
    "unknown_person": _("The person is in no line of the file of people"),
    "no_amount": _("Won without a deal value"),
    "no_id": _("No id in the other system"),
    "unknown_stage": _("The stage word has no meaning yet"),
    "stage_left_out": _("The stage is left out"),
    "bad_date": _("Not a date in the chosen form"),
    "in_future": _("The date lies in the future"),
    "closed_before_start": _("Closed before it was registered"),
    "bad_amount": _("Not an amount in the chosen form"),
    "too_precise": _("More decimals than the currency has"),
    "negative_amount": _("The amount is negative"),
    "too_long": _("The id is longer than 80 characters"),
    "shortened": _("The text is too long; its end is left off"),
    "bad_email": _("Not an email address; it is left empty"),
    "bad_country": _("Not a country code of two letters; it is left empty"),
    "repeated_id": _("The id stands in an earlier row too"),
    "there_already": _("Imported before; stays as it is"),
    "sale_booked": _("A sale with this id is booked in another program"),
}
SEVERITIES: dict[str, Any] = {
    "error": _("Error"),
    "skipped": _("Left out"),
    "warning": _("Goes in"),
}
# What happens to such a row, in the words of the choices.
CHOICE_LABELS: dict[str, tuple[Any, dict[str, Any]]] = {
    "no_date": (
        _("Rows without a date registered"),
        {
            "stop": _("Not decided: report them as errors"),
            "skip": _("Leave them out"),
            "import_date": _("Use the day of this import"),
            "close_date": _("Use the closing date"),
            "fixed": _("Use the date below"),
        },
    ),
    "no_close_date": (
        _("Won or lost rows without a closing date"),
        {
            "stop": _("Not decided: report them as errors"),
            "skip": _("Leave them out"),
            "start_date": _("Use the date registered"),
            "import_date": _("Use the day of this import"),
        },
    ),
    "no_company": (
        _("Rows without a company"),
        {
            "stop": _("Not decided: report them as errors"),
            "skip": _("Leave them out"),
            "name": _("Give them the name below"),
        },
    ),
    "no_partner": (
        _("Rows without a partner"),
        {
            "stop": _("Not decided: report them as errors"),
            "skip": _("Leave them out"),
            "name": _("Give them to the partner below"),
        },
    ),
    "no_amount": (
        _("Won rows without a deal value"),
        {
            "stop": _("Not decided: report them as errors"),
            "skip": _("Leave them out"),
            "zero": _("Import them without a sale"),
        },
    ),
    "unknown_stage": (
        _("Rows whose stage word has no meaning"),
        {
            "stop": _("Not decided: report them as errors"),
            "skip": _("Leave them out"),
            "submitted": _("Import them as submitted"),
        },
    ),
    "waiting": (
        _("Referrals that nobody has answered yet"),
        {
            "history": _("History: keep them out of the queue and without deadlines"),
            "queue": _("New work: put them into the queue, to be answered from today on"),
        },
    ),
}


def problem_words(code: str) -> str:
    """Return what is wrong with a row."""
    return str(PROBLEMS.get(code, code))
