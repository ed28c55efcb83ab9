"""Names with letters beyond Latin-1 print as they are written: one font file a weight, holding them all."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from fontTools.ttLib import TTFont

FONTS = Path(settings.BASE_DIR) / "static" / "fonts"
NAMES = "Łódź Żurawie Őrség İzmir Đorđević Ștefan Αθήνα Київ €£₺−•·„”…"


@pytest.mark.parametrize("weight", [400, 600])
def test_a_statement_font_holds_every_letter(weight: int) -> None:
    letters = TTFont(FONTS / f"prm-sans-{weight}.ttf").getBestCmap()

    assert [letter for letter in NAMES if letter != " " and ord(letter) not in letters] == []


def test_the_two_web_fonts_share_the_letters_without_a_gap() -> None:
    latin = TTFont(FONTS / "inter-latin.woff2").getBestCmap()
    extended = TTFont(FONTS / "inter-latin-ext.woff2").getBestCmap()

    assert [
        letter
        for letter in "Łódź Żurawie Őrség Đorđević €−•…"
        if ord(letter) not in {**latin, **extended}
    ] == []
    assert ord("€") in latin


@pytest.mark.slow
def test_a_pdf_embeds_our_font_only_and_draws_the_right_glyphs() -> None:
    weasyprint = pytest.importorskip("weasyprint")
    fonts = weasyprint.text.fonts.FontConfiguration()
    sheet = weasyprint.CSS(filename=str(FONTS.parent / "css" / "statement.css"), font_config=fonts)
    page = f"<html lang='pl'><title>x</title><main class='sheet'><p>{NAMES}</p><p><b>{NAMES}</b></p></main></html>"

    pdf = weasyprint.HTML(string=page, base_url=str(FONTS)).write_pdf(
        stylesheets=[sheet], font_config=fonts, uncompressed_pdf=True
    )

    named = set(re.findall(rb"/BaseFont /(?:[A-Z]{6}\+)?([\w-]+)", pdf))
    assert named == {b"PRM-Sans", b"PRM-Sans-Semi-Bold"}
