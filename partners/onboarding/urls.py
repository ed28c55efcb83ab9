"""Pages of onboarding."""

from django.urls import path

from partners.onboarding import building_views, manage_views, reward_views, run_views, views

urlpatterns = [
    path("onboarding/", views.onboarding, name="onboarding"),
    path("onboarding/steps/<int:done_id>/", views.onboarding_step, name="onboarding-step"),
    path("onboarding/steps/<int:done_id>/file/", views.onboarding_file, name="onboarding-file"),
    path("manage/onboarding/", manage_views.overview, name="onboarding-overview"),
    path("manage/onboarding/figures/<slug:figure>/", manage_views.figure, name="onboarding-figure"),
    path("manage/onboarding/partners/", manage_views.stuck, name="onboarding-stuck"),
    path("manage/onboarding/approvals/", manage_views.approvals, name="onboarding-approvals"),
    path("manage/onboarding/steps/<int:done_id>/", run_views.review, name="onboarding-review"),
    path(
        "manage/onboarding/steps/<int:done_id>/file/",
        run_views.review_file,
        name="onboarding-review-file",
    ),
    path("manage/onboarding/runs/<uuid:run_id>/", run_views.run, name="onboarding-run"),
    path(
        "manage/onboarding/runs/<uuid:run_id>/nudge/",
        run_views.run_nudge,
        name="onboarding-nudge",
    ),
    path("manage/onboarding/runs/<uuid:run_id>/calls/", run_views.run_call, name="onboarding-call"),
    path("manage/onboarding/rewards/", reward_views.entitlements, name="entitlement-list"),
    path(
        "manage/onboarding/rewards/<uuid:entitlement_id>/",
        reward_views.entitlement,
        name="entitlement-detail",
    ),
    path("manage/programs/<uuid:program_id>/tracks/", building_views.track_list, name="track-list"),
    path(
        "manage/programs/<uuid:program_id>/tracks/new/", building_views.track_new, name="track-new"
    ),
    path("manage/tracks/<uuid:track_id>/", building_views.track_detail, name="track-detail"),
    path("manage/tracks/<uuid:track_id>/edit/", building_views.track_edit, name="track-edit"),
    path(
        "manage/tracks/<uuid:track_id>/publish/", building_views.track_publish, name="track-publish"
    ),
    path("manage/tracks/<uuid:track_id>/start/", building_views.track_start, name="track-start"),
    path("manage/tracks/<uuid:track_id>/steps/new/", building_views.step_new, name="step-new"),
    path("manage/track-steps/<int:step_id>/", building_views.step_edit, name="step-edit"),
    path("manage/track-steps/<int:step_id>/move/", building_views.step_move, name="step-move"),
    path(
        "manage/programs/<uuid:program_id>/unlocks/", building_views.unlock_list, name="unlock-list"
    ),
]
