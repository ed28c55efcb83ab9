"""Pages of sharing: public ones, the partner's, the vendor's."""

from django.urls import path

from referrals.sharing import (
    ending_views,
    manage_views,
    page_views,
    public_views,
    report_views,
    share_views,
)

urlpatterns = [
    path("r/<slug:slug>/", public_views.link_follow, name="link-follow"),
    path("r/<slug:slug>/remember/", public_views.link_remember, name="link-remember"),
    path("p/<slug:slug>/", public_views.landing, name="landing"),
    path("p/<slug:slug>/picture/", public_views.landing_picture, name="landing-picture"),
    path("p/<slug:slug>/thanks/", public_views.landing_thanks, name="landing-thanks"),
    path("contact/<slug:program>/", public_views.contact, name="contact"),
    path("contact/<slug:program>/thanks/", public_views.contact_thanks, name="contact-thanks"),
    path("share/", share_views.share, name="share"),
    path("share/links/new/", share_views.link_new, name="link-new"),
    path("share/links/<uuid:link_id>/", share_views.link_edit, name="link-edit"),
    path("share/links/<uuid:link_id>/end/", ending_views.link_retire, name="link-retire"),
    path(
        "share/links/<uuid:link_id>/code.<slug:ending>",
        share_views.link_qr,
        name="link-qr",
    ),
    path("share/page/", page_views.page_edit, name="page-edit"),
    path("share/page/<uuid:page_id>/", page_views.page_preview, name="page-preview"),
    path("share/page/<uuid:page_id>/picture/", page_views.page_picture, name="page-picture"),
    path("share/page/<uuid:page_id>/down/", ending_views.page_down, name="page-down"),
    path("share/reviews/", share_views.review_list, name="review-list"),
    path(
        "share/reviews/<uuid:review_id>/remove/", ending_views.review_remove, name="review-remove"
    ),
    path("share/codes/", share_views.coupon_list, name="coupon-list"),
    path("share/codes/<uuid:coupon_id>/end/", ending_views.coupon_retire, name="coupon-retire"),
    path(
        "manage/partners/<uuid:partner_id>/reviews/new/",
        manage_views.manage_review_new,
        name="manage-review-new",
    ),
    path("manage/sharing/", manage_views.sharing_queue, name="sharing-queue"),
    path("manage/sharing/pages/<uuid:page_id>/", manage_views.page_decide, name="page-decide"),
    path(
        "manage/sharing/reviews/<uuid:review_id>/", manage_views.review_decide, name="review-decide"
    ),
    path(
        "manage/programs/<uuid:program_id>/sharing/",
        manage_views.sharing_rules_edit,
        name="sharing-rules",
    ),
    path(
        "manage/programs/<uuid:program_id>/sharing/pages/",
        manage_views.destination_new,
        name="destination-new",
    ),
    path(
        "manage/programs/<uuid:program_id>/sharing/pages/<uuid:destination_id>/end/",
        manage_views.destination_retire,
        name="destination-retire",
    ),
    path("manage/reports/channels/", report_views.report_channels, name="report-channels"),
]
