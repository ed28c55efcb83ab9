"""Forty pairs of companies, each with whether they are one, and why; names as alike as the database finds them."""

import pytest
from django.db import connection

from prm.tenancy.models import Tenant
from referrals.claims.rules import Facts, Settings, likeness, match, places
from referrals.pipeline.rules import (
    company_domain,
    normalised_company,
    normalised_email,
    normalised_tax_id,
)


def company(name: str, address: str = "", tax_id: str = "", country: str = "") -> Facts:
    """Return the facts as a submission makes them of name, website or email, tax number and country."""
    return Facts(
        name=normalised_company(name),
        domain=company_domain(address, ""),
        email=normalised_email(address),
        tax_id=normalised_tax_id(tax_id),
        country=country,
    )


C = company
PAIRS = [
    # domains
    (C("Kestrel", "kestrel.com"), C("Other name", "https://www.kestrel.com/about"), "domain"),
    (C("Kestrel", "shop.kestrel.com"), C("Falcon", "kestrel.com"), "domain"),
    (C("Kestrel", "tom@mail.kestrel.co.uk"), C("Falcon", "kestrel.co.uk"), "domain"),
    (C("Kestrel", "a.co.uk"), C("Falcon", "b.co.uk"), None),
    (C("Bücher", "bücher.de"), C("Falcon", "xn--bcher-kva.de"), "domain"),
    (C("Kestrel", "KESTREL.COM"), C("Falcon", "kestrel.com."), "domain"),
    (C("Kestrel", "kestrel.com"), C("Falcon", "kestrel.it"), None),
    (C("Kestrel", "kestrel.com:8080"), C("Falcon", "ann@kestrel.com"), "domain"),
    (C("Kestrel", "one.github.io"), C("Falcon", "two.github.io"), None),
    (C("Kestrel", "10.0.0.1"), C("Falcon", "10.0.0.1"), None),
    # mailboxes
    (C("Kestrel", "tom@gmail.com"), C("Falcon", "ann@gmail.com"), None),
    (C("Kestrel", "tom@libero.it"), C("Falcon", "ann@libero.it"), None),
    (C("Kestrel", "tom@gmail.com"), C("Falcon", "t.o.m+x@googlemail.com"), "email"),
    (C("Kestrel", "Tom@GMX.de"), C("Falcon", "tom@gmx.de"), "email"),
    (C("Kestrel", "tom@web.de"), C("Falcon", "tom@gmx.de"), None),
    (C("Kestrel", "tom@yahoo.co.uk"), C("Falcon", "ann@yahoo.co.uk"), None),
    # tax numbers
    (C("Kestrel", "", "IT 01234567890", "IT"), C("Falcon", "", "01234567890", "IT"), "tax_id"),
    (C("Kestrel", "", "IT01234567890"), C("Falcon", "", "01234567890", "IT"), "tax_id"),
    (C("Kestrel", "", "DE 123.456.789", "DE"), C("Falcon", "", "de123456789", "DE"), "tax_id"),
    (C("Kestrel", "", "123456789", "DE"), C("Falcon", "", "123456789", "PT"), None),
    (C("Kestrel", "", "111", "IT"), C("Kestrel", "", "222", "IT"), None),
    (C("Kestrel", "k.com", "111", "IT"), C("Falcon", "k.com", "222", "IT"), "domain"),
    (C("Kestrel", "k.com", "111", "IT"), C("Falcon", "f.com", "111", "IT"), "tax_id"),
    # names
    (C("Kestrel Logistics Ltd"), C("KESTREL LOGISTICS LIMITED"), "name"),
    (C("Officine Solari S.p.A."), C("Officine Solari"), "name"),
    (C("Müller & Söhne GmbH"), C("Muller & Sohne"), "name"),
    (C("Café Noir SARL"), C("Cafe Noir"), "name"),
    (C("Kestrel Logistics"), C("Kestrel Logistic"), "name"),
    (C("Officine Solari"), C("Officina Solari"), "name"),
    (C("Northwind Traders"), C("Northwind Trader"), "name"),
    (C("Brightwater Consulting"), C("Brightwater Consultancy"), "name"),
    (C("Acme Rockets"), C("Rockets Acme"), "name"),
    (C("Kestrel"), C("Falcon"), None),
    (C("Blue Ocean Foods"), C("Red Desert Tools"), None),
    (C("Alpha Systems"), C("Beta Systems"), None),
    (C("Studio Rossi", "", "", "IT"), C("Studio Rossi", "", "", "CH"), "name"),
    (C("Studio Rossi", "", "", "IT"), C("Studio Rosso", "", "", "CH"), None),
    (C("Studio Rossi", "", "", "IT"), C("Studio Rossi", "", "", ""), "name"),
    (C("Kestrel Ltd", "kestrel.com"), C("Kestrel Inc", "kestrel-us.com"), "name"),
    (C("Ferrari Trasporti"), C("Ferrari Automobili"), None),
]


@pytest.mark.parametrize(("one", "other", "kind"), PAIRS)
def test_forty_pairs(one: Facts, other: Facts, kind: str | None) -> None:
    found, turned = match(one, other), match(other, one)

    assert (found.kind if found else None) == kind
    assert turned == found


def test_there_are_forty() -> None:
    assert len(PAIRS) == 40


@pytest.mark.django_db
def test_names_are_as_alike_as_the_database_says(acme: Tenant) -> None:
    names = [(one.name, other.name) for one, other, _ in PAIRS]

    with connection.cursor() as cursor:
        cursor.execute(
            "select array_agg(similarity(a, b) order by n) from unnest(%s::text[], %s::text[]) "
            "with ordinality x(a, b, n)",
            [[one for one, _ in names], [other for _, other in names]],
        )
        said = cursor.fetchone()[0]

    assert [round(likeness(one, other), 4) for one, other in names] == [
        round(value, 4) for value in said
    ]


@pytest.mark.parametrize(
    ("won", "decided", "most"),
    [
        pytest.param(0, 0, 25, id="a new partner starts with 25"),
        pytest.param(0, 9, 25, id="nine decided say nothing yet"),
        pytest.param(0, 10, 12, id="ten decided, none won: half"),
        pytest.param(1, 10, 26, id="one of ten won: one more"),
        pytest.param(40, 60, 65, id="each win adds one"),
        pytest.param(90, 100, 100, id="never more than the most"),
    ],
)
def test_quality_decides_how_many_places(won: int, decided: int, most: int) -> None:
    assert places(Settings(), won=won, decided=decided) == most


def test_a_small_program_keeps_its_floor() -> None:
    assert places(Settings(base_places=12, floor_places=10), won=0, decided=50) == 10
