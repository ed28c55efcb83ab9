"""Addresses of what is taken instead of money."""

from django.urls import path

from commissions.choices import views

urlpatterns = [
    path("reward-choice/", views.choice_list, name="reward-choice-list"),
    path("reward-choice/<uuid:program_id>/", views.reward_choice, name="reward-choice"),
    path("manage/rewards/instead/", views.exchange_list, name="exchange-list"),
    path("manage/rewards/instead/end/", views.exchange_end, name="exchange-end"),
]
