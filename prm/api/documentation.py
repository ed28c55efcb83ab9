"""The OpenAPI schema as a page shows it: calls with their fields, problems with what to do."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext

Schema = dict[str, Any]


@dataclass(frozen=True)
class DocumentedField:
    """One field of a body or one parameter: a path like "contact.email", its kind in words, whether it is needed."""

    name: str
    kind: str
    needed: bool
    note: str


@dataclass(frozen=True)
class DocumentedCall:
    """One call; bodies has one entry for each kind of body, named where there are several."""

    anchor: str
    method: str
    path: str
    title: str
    text: str
    parameters: list[DocumentedField]
    bodies: list[tuple[str, list[DocumentedField]]]
    answer: list[DocumentedField]
    example: str


EXAMPLES: dict[str, Schema] = {
    "submit_referral": {
        "company": "Kestrel Logistics",
        "website": "kestrel.example",
        "contact": {"name": "Tom Ashdown", "email": "tom@kestrel.example"},
        "consent": True,
    },
    "check_company": {"website": "kestrel.example"},
    "report_event": {
        "type": "sale",
        "id": "evt_2041",
        "occurred_at": "2026-11-22T10:00:00Z",
        "lead_id": "lead_88",
        "amount_minor": 125000,
        "currency": "EUR",
    },
}


def documented_calls(schema: Schema) -> list[DocumentedCall]:
    """Return every call of the schema in its order, with references followed."""
    return [
        _call(path, method, call, schema)
        for path, methods in schema["paths"].items()
        for method, call in methods.items()
    ]


def _call(path: str, method: str, call: Schema, schema: Schema) -> DocumentedCall:
    body = call.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    parameters = [
        DocumentedField(
            parameter["name"],
            _kind(parameter.get("schema", {}), schema),
            bool(parameter.get("required")),
            parameter.get("description", ""),
        )
        for parameter in call.get("parameters", [])
    ]
    answer = next(
        found for status, found in call["responses"].items() if str(status).startswith("2")
    )
    shape = answer.get("content", {}).get("application/json", {}).get("schema", {})
    example = EXAMPLES.get(call["operationId"])
    return DocumentedCall(
        anchor=call["operationId"].replace("_", "-"),
        method=method.upper(),
        path=path.removeprefix("/"),
        title=call["summary"],
        text=call.get("description", ""),
        parameters=parameters,
        bodies=list(_bodies(body, schema)) if body else [],
        answer=list(_fields(shape, schema)),
        example=json.dumps(example, indent=2) if example else "",
    )


def _bodies(body: Schema, schema: Schema) -> Iterator[tuple[str, list[DocumentedField]]]:
    kinds = body.get("discriminator", {}).get("mapping")
    if not kinds:
        yield "", list(_fields(body, schema))
        return
    for name, reference in kinds.items():
        yield name, list(_fields({"$ref": reference}, schema))


def _fields(shape: Schema, schema: Schema, start: str = "") -> Iterator[DocumentedField]:
    shape = _resolved(shape, schema)
    needed = set(shape.get("required", []))
    for name, raw in shape.get("properties", {}).items():
        inner = _resolved(raw, schema)
        path = f"{start}{name}"
        yield DocumentedField(path, _kind(raw, schema), name in needed, raw.get("description", ""))
        rows = inner.get("items") if inner.get("type") == "array" else inner
        if rows and _resolved(rows, schema).get("properties"):
            yield from _fields(rows, schema, f"{path}.")


def _resolved(shape: Schema, schema: Schema) -> Schema:
    """Return the shape behind a reference, or behind "this or nothing"."""
    options = [one for one in shape.get("anyOf", []) if one.get("type") != "null"]
    if len(options) == 1:
        return _resolved(options[0], schema)
    if "$ref" not in shape:
        return shape
    found: Any = schema
    for part in shape["$ref"].removeprefix("#/").split("/"):
        found = found[part]
    return _resolved(found, schema)


def _kind(raw: Schema, schema: Schema) -> str:
    shape = _resolved(raw, schema)
    if "const" in shape:
        return f"“{shape['const']}”"
    if "enum" in shape:
        return ", ".join(f"“{one}”" for one in shape["enum"])
    formats = {
        "date-time": gettext("moment with zone"),
        "uuid": gettext("id"),
    }
    kinds = {
        "string": gettext("text"),
        "integer": gettext("whole number"),
        "boolean": gettext("true or false"),
        "object": gettext("object"),
        "array": gettext("list"),
    }
    words = formats.get(shape.get("format", "")) or kinds.get(shape.get("type", ""), "")
    if "maxLength" in shape:
        words += gettext(", up to %(most)s characters") % {"most": shape["maxLength"]}
    return words


@dataclass(frozen=True)
class DocumentedProblem:
    """A code of a refusal, when it comes, and whether the same call may be sent again."""

    code: str
    status: int
    words: str


def documented_problems() -> list[DocumentedProblem]:
    """Return every code that a call can be refused with."""
    rows = [
        ("not-json", 400, gettext("The body is not JSON. NaN and Infinity are not, either.")),
        (
            "idempotency-key-needed",
            400,
            gettext("Make a key for each thing you send and repeat it with every retry."),
        ),
        (
            "unauthorised",
            401,
            gettext("The key is missing, unknown, expired or revoked, or its maker has left."),
        ),
        ("insufficient-scope", 403, gettext("The key lives, but was not given this right.")),
        ("not-found", 404, gettext("There is nothing, or nothing that this key may see.")),
        ("method-not-allowed", 405, gettext("The address takes another method.")),
        (
            "refused",
            409,
            gettext(
                "A rule of the program says no. The words say which; sending it again changes nothing."
            ),
        ),
        (
            "too-early",
            409,
            gettext(
                "Something must come first, such as the sale of a refund. Send that, then the same call again."
            ),
        ),
        ("invalid", 422, gettext("Fields need another value; each is named with what it needs.")),
        ("key-reused", 422, gettext("An id or Idempotency-Key came back with other contents.")),
        ("too-many-requests", 429, gettext("Wait as many seconds as Retry-After says.")),
        (
            "failed",
            500,
            gettext("It broke here and nothing was written. Send the same call again."),
        ),
    ]
    return [DocumentedProblem(*row) for row in rows]
