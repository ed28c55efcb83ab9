"""Mappings as TOML files, to be kept, edited by hand and used again.

name = "CRM opportunities"

[columns]
external_id = "opportunity_id"
registered_at = "engage_date"

[formats]
dates = "dmy"
decimal = "."

[stages]
Engaging = "opportunity"

[choices]
no_date = "import_date"

[people]
file = "sales_teams.csv"
person = "sales_agent"
partner = "manager"

[values.product]
GTXPro = "GTX Pro"
"""

import json
import tomllib
from datetime import date
from typing import Any

from referrals.imports.rules import CHOICES, BadMapping, Mapping, mapping_from

_TABLES = {"columns", "formats", "stages", "choices", "people", "values", "custom"}
_CHOSEN = {*CHOICES, "fixed_date", "company_name", "partner_name"}


def mapping_of_toml(text: str) -> Mapping:
    """Return the mapping of a TOML text. Raises BadMapping with a sentence that says where it is wrong."""
    try:
        given = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadMapping(f"not TOML: {error}") from error
    if unknown := sorted(set(given) - _TABLES - {"name"}):
        raise BadMapping(f"unknown table: {', '.join(unknown)}")
    choices = _table(given, "choices")
    if unknown := sorted(set(choices) - _CHOSEN):
        raise BadMapping(f"unknown choice: {', '.join(unknown)}")
    formats = _table(given, "formats")
    if unknown := sorted(set(formats) - {"dates", "decimal"}):
        raise BadMapping(f"unknown format: {', '.join(unknown)}")
    settings: dict[str, Any] = {
        "name": str(given.get("name", "")),
        **{name: _texts(_table(given, name), name) for name in ("columns", "stages", "custom")},
        "values": {
            name: _texts(pairs, f"values.{name}") for name, pairs in _table(given, "values").items()
        },
        **{
            name: value.isoformat() if isinstance(value, date) else value
            for name, value in choices.items()
        },
    }
    if "dates" in formats:
        settings["date_order"] = formats["dates"]
    if "decimal" in formats:
        settings["decimal"] = formats["decimal"]
    if people := _texts(_table(given, "people"), "people"):
        if missing := sorted({"person", "partner"} - set(people)) or sorted(
            set(people) - {"file", "person", "partner"}
        ):
            raise BadMapping(f"people needs file, person and partner: {', '.join(missing)}")
        settings["people"] = people
    try:
        return mapping_from(settings)
    except (TypeError, ValueError) as error:
        raise BadMapping(str(error)) from error


def _table(given: dict[str, Any], name: str) -> dict[str, Any]:
    found = given.get(name, {})
    if not isinstance(found, dict):
        raise BadMapping(f"{name} is a table")
    return found


def _texts(table: Any, name: str) -> dict[str, str]:
    if not isinstance(table, dict) or not all(isinstance(value, str) for value in table.values()):
        raise BadMapping(f"{name} holds texts")
    return dict(table)


def toml_of(mapping: Mapping, *, people_file: str = "") -> str:
    """Return the mapping as TOML. people_file: the name a person knows the second file by."""
    parts = [f"name = {_quoted(mapping.name)}", "", *_section("columns", mapping.columns)]
    parts += _section("formats", {"dates": mapping.date_order, "decimal": mapping.decimal})
    parts += _section("stages", mapping.stages)
    choices = {
        name: getattr(mapping, name)
        for name in (*CHOICES, "company_name", "partner_name")
        if getattr(mapping, name)
    }
    if mapping.fixed_date:
        choices["fixed_date"] = mapping.fixed_date.isoformat()
    parts += _section("choices", choices)
    if mapping.people:
        parts += _section(
            "people",
            {
                "file": people_file,
                "person": mapping.people.person,
                "partner": mapping.people.partner,
            },
        )
    parts += _section("custom", mapping.custom)
    for name, pairs in mapping.values.items():
        parts += _section(f"values.{name}", pairs)
    return "\n".join(parts)


def _section(name: str, pairs: dict[str, str]) -> list[str]:
    if not pairs:
        return []
    return [f"[{name}]", *(f"{_key(key)} = {_quoted(value)}" for key, value in pairs.items()), ""]


def _key(text: str) -> str:
    plain = text.isascii() and text.replace("_", "").replace("-", "").isalnum()
    return text if plain else _quoted(text)


def _quoted(text: str) -> str:
    # A JSON string in ASCII is a TOML basic string; surrogate pairs are the one thing TOML refuses.
    return json.dumps(text, ensure_ascii=all(ord(char) < 0x10000 for char in text)).replace(
        "\x7f", "\\u007f"
    )
