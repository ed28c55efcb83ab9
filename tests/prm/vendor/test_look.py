"""Colour and logo are checked and remade, text stays readable, and browsers may keep them."""

from io import BytesIO
from struct import pack
from zlib import compress, crc32

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from prm.events.models import Event
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from prm.vendor.logos import NotALogo, cleaned_logo
from prm.vendor.rules import READABLE, contrast, foreground_on
from tests.conftest import World
from tests.processor import processor_seconds

PAGE = "/acme/manage/settings/look/"


@pytest.fixture
def admin(world: World, client: Client) -> Client:
    """Return the browser of the first tenant's program admin."""
    client.force_login(world.admin, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def picture(kind: str = "PNG", size: tuple[int, int] = (600, 300), **options: object) -> bytes:
    out = BytesIO()
    Image.new("RGB", size, "#aa3366").save(out, kind, **options)
    return out.getvalue()


def bomb() -> bytes:
    """A PNG that says it is 60,000 by 60,000 pixels."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return pack(">I", len(body)) + name + body + pack(">I", crc32(name + body))

    head = pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", compress(b"\0" * 100_000))
        + chunk(b"IEND", b"")
    )


@given(st.integers(0, 0xFFFFFF))
def test_text_on_any_colour_is_readable(accent: int) -> None:
    assert foreground_on(f"#{accent:06x}").ratio >= READABLE


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#ffffff", "#000000") == 21
    assert round(contrast("#767676", "#ffffff"), 2) == 4.54
    assert foreground_on("#0b6b75").foreground == "#ffffff"
    assert foreground_on("#ffcc00").foreground == "#000000"


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_logo_is_remade_small(kind: str) -> None:
    made = Image.open(BytesIO(cleaned_logo(BytesIO(picture(kind)))))

    assert (made.format, made.size) == ("PNG", (256, 128))


def test_nothing_but_pixels_survives() -> None:
    image = Image.new("RGB", (40, 40))
    out, exif = BytesIO(), Image.Exif()
    exif[0x010E] = "<script>canary</script>"
    image.save(out, "JPEG", exif=exif, comment=b"canary")

    assert b"canary" in out.getvalue()
    assert b"canary" not in cleaned_logo(BytesIO(out.getvalue() + b"<html>canary"))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "kind", id="svg"),
        pytest.param(b"<html><script>1</script>", "kind", id="html"),
        pytest.param(picture("GIF"), "kind", id="gif"),
        pytest.param(picture("BMP"), "kind", id="bmp"),
        pytest.param(b"", "kind", id="nothing"),
        pytest.param(picture()[:200], "broken", id="cut off"),
        pytest.param(bomb(), "pixels", id="bomb"),
        pytest.param(b"\0" * 1_000_001, "large", id="a megabyte and a byte"),
    ],
)
def test_what_is_no_logo_is_refused_at_once(content: bytes, reason: str) -> None:
    began = processor_seconds()

    with pytest.raises(NotALogo) as problem:
        cleaned_logo(BytesIO(content))

    assert problem.value.reason == reason
    assert processor_seconds() - began < 2


def test_a_look_is_published_and_told(world: World, admin: Client) -> None:
    logo = SimpleUploadedFile("logo.php", picture(), content_type="text/html")

    response = admin.post(PAGE, {"accent": "#FFCC00", "logo": logo})

    tenant = Tenant.objects.get(id=world.acme.id)
    assert response.status_code == 303
    assert (tenant.accent, tenant.accent_foreground, len(tenant.logo_digest)) == (
        "#ffcc00",
        "#000000",
        16,
    )
    with tenant_scope(world.acme.id):
        assert Event.objects.get(name="tenant.look_changed").changes["accent"] == [
            "#0b6b75",
            "#ffcc00",
        ]
    page = admin.get(PAGE).content.decode()
    assert f"/acme/logo.png?v={tenant.logo_digest}" in page
    assert "/acme/brand.css?v=ffcc00000000" in page


def test_the_files_of_the_look_are_kept_by_browsers(world: World, admin: Client) -> None:
    admin.post(PAGE, {"accent": "#ffcc00", "logo": SimpleUploadedFile("logo.png", picture())})
    digest = Tenant.objects.get(id=world.acme.id).logo_digest
    stranger = Client()

    logo, css = (
        stranger.get(f"/acme/logo.png?v={digest}"),
        stranger.get("/acme/brand.css?v=ffcc00000000"),
    )
    old = stranger.get("/acme/brand.css?v=older")

    assert (
        css.content.decode()
        == "@layer tokens { :root { --accent: #ffcc00; --accent-fg: #000000; } }\n"
    )
    assert (logo.headers["Content-Type"], logo.headers["X-Content-Type-Options"]) == (
        "image/png",
        "nosniff",
    )
    assert {logo.headers["Cache-Control"], css.headers["Cache-Control"]} == {
        "public, max-age=31536000, immutable"
    }
    assert old.headers["Cache-Control"] == "public, max-age=300"


def test_a_logo_can_be_removed(world: World, admin: Client) -> None:
    admin.post(PAGE, {"accent": "#0b6b75", "logo": SimpleUploadedFile("logo.png", picture())})
    admin.post(PAGE, {"accent": "#0b6b75", "remove_logo": "on"})

    tenant = Tenant.objects.get(id=world.acme.id)
    assert (bytes(tenant.logo), tenant.logo_digest) == (b"", "")
    assert admin.get("/acme/logo.png").status_code == 302


@pytest.mark.parametrize("accent", ["red", "#fff", "#12345g", "red;} @import 'x", "url(x)", ""])
def test_a_colour_is_six_digits(world: World, admin: Client, accent: str) -> None:
    response = admin.post(PAGE, {"accent": accent})

    assert response.status_code == 422
    assert Tenant.objects.get(id=world.acme.id).accent == "#0b6b75"


def test_a_wrong_file_says_what_to_do(world: World, admin: Client) -> None:
    response = admin.post(
        PAGE,
        {
            "accent": "#0b6b75",
            "logo": SimpleUploadedFile("x.png", b"<svg/>", content_type="image/png"),
        },
    )

    assert response.status_code == 422
    assert "Choose a PNG or JPEG picture" in response.content.decode()
