"""Pages of sending and answering referrals."""

from django.urls import path

from referrals.intake import views

urlpatterns = [
    path("referrals/new/", views.referral_new, name="referral-new"),
    path("referrals/check/", views.referral_check, name="referral-check"),
    path("manage/review/", views.queue, name="queue"),
    path("manage/review/take/", views.queue_take, name="queue-take"),
    path("manage/referrals/new/", views.manage_referral_new, name="manage-referral-new"),
]
