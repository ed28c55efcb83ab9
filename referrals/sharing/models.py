"""What partners share: links, pages and codes, the clicks on them, and the leads that came through them."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from partners.directory.models import Partner
from partners.programs.models import Program
from prm.accounts.models import User
from prm.tenancy.models import PublicTenantModel, TenantForeignKey, TenantModel
from prm.uploads.models import Upload
from referrals.pipeline.models import Referral


class Consent(models.TextChoices):
    """When a visitor's browser may remember who recommended the vendor."""

    ASK = "ask", _("After the visitor agrees")
    AT_ONCE = "at_once", _("At once, without asking")


class SharingRules(TenantModel):
    """How a program's partners may share; a program without a row has these defaults."""

    id = models.BigAutoField(primary_key=True)
    program = TenantForeignKey(Program)
    # Days after a click in which a lead still counts for the link's partner.
    cookie_days = models.IntegerField(default=90)
    consent = models.CharField(max_length=8, choices=Consent.choices, default=Consent.ASK)
    # Whether a person of the vendor looks at a partner's page before visitors see it.
    approve_pages = models.BooleanField(default=True)
    # Minutes in which a further click of one visitor on one link is a double.
    double_minutes = models.IntegerField(default=30)
    # What the page says of the partner's commission, by language; empty: the portal's own words.
    disclosure = models.JSONField(default=dict, blank=True)
    # Which optional questions the lead form asks: names of rules.LEAD_FIELDS.
    lead_fields = models.JSONField(default=list, blank=True)

    class Meta:
        db_table = "referrals_sharing_rules"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "program"], name="sharing_rules_once"),
            models.CheckConstraint(
                condition=Q(cookie_days__gte=1) & Q(cookie_days__lte=400),
                name="sharing_rules_window",
            ),
            models.CheckConstraint(
                condition=Q(double_minutes__gte=0) & Q(double_minutes__lte=1440),
                name="sharing_rules_doubles",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.cookie_days}"


class Destination(PublicTenantModel):
    """A page of the vendor's own to which a program lets links lead."""

    program = TenantForeignKey(Program)
    label = models.CharField(max_length=80)
    url = models.CharField(max_length=500)
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "referrals_destination"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "program", "url"],
                name="destination_once",
                condition=Q(retired_at=None),
            ),
        ]

    def __str__(self) -> str:
        return self.label


class PageState(models.TextChoices):
    """Where a landing page stands."""

    DRAFT = "draft", _("Draft")
    WAITING = "waiting", _("Waits for approval")
    LIVE = "live", _("Public")
    DECLINED = "declined", _("Needs changes")
    OFF = "off", _("Taken down")


class LandingPage(PublicTenantModel):
    """A partner's page under the vendor's name: what visitors read before they ask for an introduction.

    `draft` is what the partner writes, `live` what visitors read; `state` says how the two stand.
    """

    partner = TenantForeignKey(Partner)
    program = TenantForeignKey(Program)
    slug = models.SlugField(max_length=60)
    # rules.PageTexts as a mapping: headline, introduction by language; name and title of the person.
    draft = models.JSONField(default=dict)
    live = models.JSONField(default=dict)
    draft_picture = TenantForeignKey(Upload, null=True, blank=True)
    live_picture = TenantForeignKey(Upload, null=True, blank=True)
    state = models.CharField(max_length=8, choices=PageState.choices, default=PageState.DRAFT)
    # Shown to the partner when the vendor asks for changes.
    reason = models.TextField(blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    published_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "referrals_landing_page"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "slug"], name="landing_page_slug_once"),
            models.UniqueConstraint(
                fields=["tenant", "partner", "program"], name="landing_page_once"
            ),
            models.CheckConstraint(
                condition=Q(state__in=PageState.values), name="landing_page_state_known"
            ),
        ]
        indexes = [
            models.Index(
                fields=["tenant", "sent_at", "id"],
                name="landing_page_waiting",
                condition=Q(state="waiting"),
            ),
        ]

    def __str__(self) -> str:
        return self.slug

    @property
    def is_public(self) -> bool:
        """Whether visitors may read it: published, and not taken down."""
        return self.published_at is not None and self.state != PageState.OFF


class PageSlug(TenantModel):
    """An address that a page had; whoever asks for it is sent on, and no other page may take it."""

    id = models.BigAutoField(primary_key=True)
    slug = models.SlugField(max_length=60)
    page = TenantForeignKey(LandingPage)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "referrals_page_slug"
        constraints = [models.UniqueConstraint(fields=["tenant", "slug"], name="page_slug_once")]

    def __str__(self) -> str:
        return self.slug


class ReviewState(models.TextChoices):
    """Where a review stands."""

    WAITING = "waiting", _("Waits for approval")
    APPROVED = "approved", _("Shown on the page")
    DECLINED = "declined", _("Not shown")


class PartnerReview(PublicTenantModel):
    """What a customer says of the partner; shown only once the vendor approved it."""

    partner = TenantForeignKey(Partner)
    author_name = models.CharField(max_length=120)
    author_role = models.CharField(max_length=160, blank=True)
    # 1 to 5; empty: words only.
    rating = models.SmallIntegerField(null=True, blank=True)
    text = models.TextField()
    language = models.CharField(max_length=8, blank=True)
    # What the author agreed to, as it was worded then.
    consent_text = models.TextField()
    consented_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=ReviewState.choices, default=ReviewState.WAITING)
    reason = models.TextField(blank=True)
    written_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    decided_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "referrals_partner_review"
        constraints = [
            models.CheckConstraint(
                condition=Q(rating=None) | Q(rating__gte=1, rating__lte=5),
                name="partner_review_rating",
            ),
            models.CheckConstraint(
                condition=Q(state__in=ReviewState.values), name="partner_review_state_known"
            ),
        ]
        indexes = [
            models.Index(
                fields=["tenant", "partner", "state", "-created_at", "-id"],
                name="partner_review_of",
            ),
            models.Index(
                fields=["tenant", "created_at", "id"],
                name="partner_review_waiting",
                condition=Q(state="waiting"),
            ),
        ]

    def __str__(self) -> str:
        return self.author_name


class Link(PublicTenantModel):
    """An address that a partner hands out; who comes through it is the partner's visitor."""

    partner = TenantForeignKey(Partner)
    program = TenantForeignKey(Program)
    # The address now; LinkSlug holds every one it ever had.
    slug = models.SlugField(max_length=60)
    label = models.CharField(max_length=80, blank=True)
    channel = models.CharField(max_length=60, blank=True)
    campaign = models.CharField(max_length=80, blank=True)
    # Where it leads; empty: the partner's own page in the program.
    destination = TenantForeignKey(Destination, null=True, blank=True)
    created_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    created_at = models.DateTimeField(db_default=Now())
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "referrals_link"
        indexes = [
            models.Index(fields=["tenant", "partner", "-created_at", "-id"], name="link_of_partner")
        ]

    def __str__(self) -> str:
        return self.slug


class LinkSlug(TenantModel):
    """An address that a link has or had; it leads to that link for ever, and no other link may take it."""

    id = models.BigAutoField(primary_key=True)
    slug = models.SlugField(max_length=60)
    link = TenantForeignKey(Link)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "referrals_link_slug"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "slug"], name="link_slug_once"),
        ]

    def __str__(self) -> str:
        return self.slug


class ClickInbox(TenantModel):
    """A click as the redirect wrote it, until it is counted; rows live for seconds."""

    id = models.BigAutoField(primary_key=True)
    link_id = models.UUIDField()
    partner_id = models.UUIDField()
    at = models.DateTimeField()
    # Keyed hash of address and browser with the day's salt: no person, and another value tomorrow.
    visitor = models.BinaryField(max_length=16)
    channel = models.CharField(max_length=60, blank=True)
    campaign = models.CharField(max_length=80, blank=True)

    class Meta:
        db_table = "referrals_click_inbox"

    def __str__(self) -> str:
        return f"{self.link_id}"


class Click(TenantModel):
    """A click that was looked at: the first of its visitor, or a double of it."""

    id = models.BigAutoField(primary_key=True)
    link_id = models.UUIDField()
    partner_id = models.UUIDField()
    at = models.DateTimeField()
    visitor = models.BinaryField(max_length=16)
    channel = models.CharField(max_length=60, blank=True)
    campaign = models.CharField(max_length=80, blank=True)
    is_double = models.BooleanField(default=False)

    class Meta:
        db_table = "referrals_click"
        indexes = [
            models.Index(fields=["tenant", "link_id", "visitor", "-at"], name="click_of_visitor"),
        ]

    def __str__(self) -> str:
        return f"{self.link_id}"


class ClickCount(TenantModel):
    """How many clicks a link had on one day of the tenant's zone, by channel and campaign."""

    id = models.BigAutoField(primary_key=True)
    link = TenantForeignKey(Link)
    partner_id = models.UUIDField()
    day = models.DateField()
    channel = models.CharField(max_length=60, blank=True)
    campaign = models.CharField(max_length=80, blank=True)
    clicks = models.IntegerField(default=0)
    doubles = models.IntegerField(default=0)

    class Meta:
        db_table = "referrals_click_count"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "link", "day", "channel", "campaign"], name="click_count_once"
            )
        ]
        indexes = [
            models.Index(fields=["tenant", "day", "channel"], name="click_count_day"),
        ]

    def __str__(self) -> str:
        return f"{self.day}: {self.clicks}"


class RewardKind(models.TextChoices):
    """What a code gives the customer."""

    NONE = "none", _("Nothing")
    PERCENT = "percent", _("A percentage off")
    TEXT = "text", _("Something else")


class Coupon(PublicTenantModel):
    """A code that belongs to one partner; who uses it is that partner's lead."""

    partner = TenantForeignKey(Partner)
    program = TenantForeignKey(Program)
    # As written; compared as rules.normalised_code.
    code = models.CharField(max_length=40)
    code_norm = models.CharField(max_length=40)
    reward_kind = models.CharField(
        max_length=8, choices=RewardKind.choices, default=RewardKind.NONE
    )
    reward_text = models.CharField(max_length=120, blank=True)
    # Hundredths of a percent, when the reward is a percentage.
    reward_basis_points = models.IntegerField(null=True, blank=True)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)
    # Empty: as often as people like.
    uses_max = models.IntegerField(null=True, blank=True)
    use_count = models.IntegerField(default=0)
    created_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    created_at = models.DateTimeField(db_default=Now())
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "referrals_coupon"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "code_norm"], name="coupon_code_once"),
            models.CheckConstraint(
                condition=Q(uses_max=None) | Q(use_count__lte=F("uses_max")),
                name="coupon_uses_within",
            ),
            models.CheckConstraint(
                condition=Q(reward_kind__in=RewardKind.values), name="coupon_reward_known"
            ),
            models.CheckConstraint(
                condition=Q(reward_basis_points=None)
                | Q(reward_basis_points__gte=1, reward_basis_points__lte=10_000),
                name="coupon_percentage",
            ),
        ]
        indexes = [
            models.Index(
                fields=["tenant", "partner", "-created_at", "-id"], name="coupon_of_partner"
            )
        ]

    def __str__(self) -> str:
        return self.code


class Via(models.TextChoices):
    """What told that a lead is a partner's."""

    LINK = "link", _("The link in the address")
    COOKIE = "cookie", _("An earlier click, remembered by the browser")
    PAGE = "page", _("The partner's page")
    COUPON = "coupon", _("The partner's code")


class Lead(TenantModel):
    """How a referral came in through what a partner shared, and what its author agreed to."""

    id = models.BigAutoField(primary_key=True)
    referral = TenantForeignKey(Referral)
    partner_id = models.UUIDField()
    link_id = models.UUIDField(null=True, blank=True)
    page_id = models.UUIDField(null=True, blank=True)
    coupon = TenantForeignKey(Coupon, null=True, blank=True)
    via = models.CharField(max_length=8, choices=Via.choices)
    # The click that told so, when the browser remembered one.
    clicked_at = models.DateTimeField(null=True, blank=True)
    # utm_source, utm_medium, utm_campaign, utm_term, utm_content as the address had them.
    utm = models.JSONField(default=dict, blank=True)
    language = models.CharField(max_length=8, blank=True)
    # What the author of the form agreed to, as it was worded then; empty for codes used elsewhere.
    consent_text = models.TextField(blank=True)
    at = models.DateTimeField()

    class Meta:
        db_table = "referrals_lead"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "referral"], name="lead_once"),
            models.CheckConstraint(condition=Q(via__in=Via.values), name="lead_via_known"),
        ]
        indexes = [
            models.Index(fields=["tenant", "coupon", "-at"], name="lead_of_coupon"),
        ]

    def __str__(self) -> str:
        return f"{self.referral_id}"
