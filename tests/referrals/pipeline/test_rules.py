"""Two spellings of one company, mailbox or site are the same; two companies never become one by accident."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prm.web.domains import canonical_domain
from referrals.pipeline.rules import (
    DEFAULT_MOVES,
    company_domain,
    folded_company,
    move_is_possible,
    normalised_company,
    normalised_email,
)


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        ("https://www.Kestrel.example/about?x=1", "kestrel.example"),
        ("kestrel.example", "kestrel.example"),
        ("HTTP://shop.kestrel.example:8080", "kestrel.example"),
        ("kestrel.example.", "kestrel.example"),
        ("tom@mail.kestrel.co.uk", "kestrel.co.uk"),
        ("MÜNCHEN.de", "xn--mnchen-3ya.de"),
        ("xn--mnchen-3ya.de", "xn--mnchen-3ya.de"),
        ("ｋｅｓｔｒｅｌ.example", "kestrel.example"),
        ("someone@gmail.com", ""),
        ("someone@yahoo.co.uk", ""),
        ("someone@libero.it", ""),
        ("co.uk", ""),
        ("localhost", ""),
        ("192.168.0.1", ""),
        ("http://[::1]/", ""),
        ("http://[broken", ""),
        ("foo..bar", ""),
        ("", ""),
        ("not a site", ""),
    ],
)
def test_a_site_is_known_by_its_registrable_domain(text: str, domain: str) -> None:
    assert canonical_domain(text) == domain


def test_the_website_says_more_than_the_mailbox() -> None:
    assert company_domain("kestrel.example", "tom@holding.example") == "kestrel.example"
    assert company_domain("", "tom@holding.example") == "holding.example"
    assert company_domain("", "tom@gmail.com") == ""


@pytest.mark.parametrize(
    ("text", "mailbox"),
    [
        (" Tom@Kestrel.Example ", "tom@kestrel.example"),
        ("tom+crm@kestrel.example", "tom@kestrel.example"),
        ("T.o.m+x@GoogleMail.com", "tom@gmail.com"),
        ("t.om@kestrel.example", "t.om@kestrel.example"),
        ("+x@kestrel.example", "+x@kestrel.example"),
        ("tom@münchen.de", "tom@xn--mnchen-3ya.de"),
        ("tom", ""),
        ("@kestrel.example", ""),
    ],
)
def test_a_mailbox_is_known_without_what_its_provider_ignores(text: str, mailbox: str) -> None:
    assert normalised_email(text) == mailbox


@pytest.mark.parametrize(
    ("text", "company"),
    [
        ("Kestrel Logistics B.V.", "kestrel logistics"),
        ("KESTREL  logistics, Ltd.", "kestrel logistics"),
        ("Àgape S.p.A.", "agape"),
        ("Harbour & Finch", "harbour finch"),
        ("Ltd", "ltd"),
        ("A.B.C. GmbH", "abc"),
        ("株式会社", "株式会社"),
        ("!!!", ""),
    ],
)
def test_a_company_is_known_without_its_legal_form(text: str, company: str) -> None:
    assert normalised_company(text) == company


@given(st.text(max_size=200))
def test_no_text_breaks_the_rules_and_twice_is_once(text: str) -> None:
    company, folded, mailbox, domain = (
        normalised_company(text),
        folded_company(text),
        normalised_email(text),
        canonical_domain(text),
    )

    assert len(company) <= 160
    assert len(folded) <= 160
    assert len(mailbox) <= 254
    assert canonical_domain(domain) == domain
    assert normalised_company(company) == company or len(folded) == 160


def test_the_default_moves_are_possible_ones() -> None:
    assert all(
        move_is_possible(start, end) for start, ends in DEFAULT_MOVES.items() for end in ends
    )
