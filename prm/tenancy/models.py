"""The tenant, and the base of every row that belongs to one."""

from typing import Any

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from prm.tenancy.sql import UUID7, CurrentTenant

# First path segments that global pages use; no tenant may take them.
RESERVED_SLUGS = frozenset(
    {
        "accounts",
        "admin",
        "api",
        "assets",
        "brand",
        "brand.css",
        "demo",
        "healthz",
        "help",
        "invitation",
        "invitations",
        "language",
        "livez",
        "mail",
        "manage",
        "media",
        "memberships",
        "profile",
        "r",
        "readyz",
        "robots.txt",
        "start",
        "static",
        "system",
        "well-known",
    },
)


class Tenant(models.Model):
    """A vendor's space; the only business table without row-level security."""

    slug = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    legal_name = models.CharField(max_length=160, blank=True)
    legal_address = models.TextField(blank=True)
    tax_number = models.CharField(max_length=40, blank=True)
    country = models.CharField(max_length=2, blank=True)
    # A custom host name, lower case, without port.
    domain = models.CharField(max_length=253, unique=True, null=True, blank=True)
    time_zone = models.CharField(max_length=64, default="UTC")
    language = models.CharField(max_length=8, default="en")
    currency = models.CharField(max_length=3, default="EUR")
    accent = models.CharField(
        max_length=7, default="#0b6b75", validators=[RegexValidator(r"^#[0-9a-f]{6}$")]
    )
    accent_foreground = models.CharField(max_length=7, default="#ffffff")
    # Cleaned PNG bytes shown at 30 px; empty means the initial on the accent.
    logo = models.BinaryField(default=bytes, blank=True)
    # Names the logo's bytes in its address, so that browsers may keep it; empty without a logo.
    logo_digest = models.CharField(max_length=16, blank=True, default="", db_default="")
    mail_sender = models.CharField(max_length=120, blank=True)
    reply_to = models.EmailField(blank=True)
    support_email = models.EmailField(blank=True)
    # Where visitors read what happens to their data; empty shows no link.
    privacy_url = models.URLField(max_length=300, blank=True, default="", db_default="")
    require_second_factor = models.BooleanField(default=False)
    # The account that payouts are sent from (SEPA debtor); encrypted IBAN.
    payout_account = models.TextField(blank=True)
    payout_bic = models.CharField(max_length=11, blank=True)
    # Whether the public directory of partners is there at all.
    directory_open = models.BooleanField(default=True, db_default=True)
    is_demo = models.BooleanField(default=False)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "prm_tenant"

    def __str__(self) -> str:
        return self.name

    @property
    def brand_version(self) -> str:
        """A short name of the colours, for the address of the style sheet."""
        return (self.accent + self.accent_foreground).replace("#", "")


class TenantForeignKey(models.ForeignKey):  # type: ignore[type-arg]
    """A reference inside one tenant: the composite key (tenant_id, id) is made by protect(), indexes by Meta."""

    def __init__(self, to: Any, on_delete: Any = models.PROTECT, **kwargs: Any) -> None:
        kwargs.setdefault("related_name", "+")
        kwargs["db_constraint"] = False
        kwargs.setdefault("db_index", False)
        super().__init__(to, on_delete, **kwargs)


class TenantModel(models.Model):
    """A row that belongs to exactly one tenant; Postgres stamps it from the open scope."""

    tenant = models.ForeignKey(
        Tenant,
        on_delete=models.PROTECT,
        db_default=CurrentTenant(),
        db_index=False,
        editable=False,
        related_name="+",
    )

    class Meta:
        abstract = True


class PublicTenantModel(TenantModel):
    """A tenant row whose id is seen outside: time-ordered uuid made by Postgres."""

    id = models.UUIDField(primary_key=True, db_default=UUID7(), editable=False)

    class Meta:
        abstract = True


class Counter(TenantModel):
    """The next number of one gapless series of a tenant, such as statements of a month."""

    id = models.BigAutoField(primary_key=True)
    series = models.CharField(max_length=40)
    last = models.BigIntegerField(default=0)

    class Meta:
        db_table = "prm_counter"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "series"], name="counter_series_once"),
            models.CheckConstraint(condition=Q(last__gte=0), name="counter_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.series}: {self.last}"


LANGUAGE_CHOICES = [("en", _("English")), ("it", _("Italian"))]
