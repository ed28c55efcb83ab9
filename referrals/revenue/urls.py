"""Pages of revenue, all under manage/."""

from django.urls import path

from referrals.revenue import payment_views, views

urlpatterns = [
    path(
        "manage/referrals/<uuid:referral_id>/win/",
        views.manage_referral_win,
        name="manage-referral-win",
    ),
    path("manage/revenue/", views.revenue_list, name="revenue-list"),
    path("manage/revenue/export/", views.revenue_export, name="revenue-export"),
    path("manage/revenue/new/", views.revenue_new, name="revenue-new"),
    path("manage/revenue/upload/", views.revenue_upload, name="revenue-upload"),
    path("manage/revenue/template.csv", views.revenue_template, name="revenue-template"),
    path(
        "manage/revenue/<uuid:revenue_event_id>/refund/",
        payment_views.revenue_refund,
        name="revenue-refund",
    ),
    path(
        "manage/revenue/<uuid:revenue_event_id>/receive/",
        payment_views.revenue_receive,
        name="revenue-receive",
    ),
]
