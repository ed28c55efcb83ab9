"""Pages of the stage editor."""

from django.urls import path

from referrals.stages import answer_views, loss_views, views

urlpatterns = [
    path("manage/programs/<uuid:program_id>/stages/", views.stage_list, name="stage-list"),
    path("manage/programs/<uuid:program_id>/stages/new/", views.stage_new, name="stage-new"),
    path("manage/programs/<uuid:program_id>/stages/moves/", views.stage_moves, name="stage-moves"),
    path(
        "manage/programs/<uuid:program_id>/answers/",
        answer_views.answers_edit,
        name="answers-edit",
    ),
    path(
        "manage/programs/<uuid:program_id>/approvals/new/",
        answer_views.route_new,
        name="approval-route-new",
    ),
    path(
        "manage/approvals/<int:route_id>/remove/",
        answer_views.route_retire,
        name="approval-route-retire",
    ),
    path("manage/reports/losses/", loss_views.report_losses, name="report-losses"),
    path("manage/stages/<int:stage_id>/", views.stage_edit, name="stage-edit"),
    path("manage/stages/<int:stage_id>/shift/", views.stage_shift, name="stage-shift"),
    path("manage/stages/<int:stage_id>/retire/", views.stage_retire, name="stage-retire"),
]
