"""Addresses under /batches/."""

from __future__ import annotations

from django.urls import path

from batch.web.runs import acting, files, history, pages

urlpatterns = [
    path("", history.history, name="history"),
    path("start/<uuid:draft>", acting.start, name="start"),
    path("unschedule/<uuid:draft>", acting.unschedule, name="unschedule"),
    path("<str:batch>/", pages.batch, name="batch"),
    path("<str:batch>/rows/<int:row>", pages.row, name="batch-row"),
    path("<str:batch>/rows/<int:row>/decide", acting.decide_row, name="decide"),
    path("<str:batch>/stop", acting.stop, name="stop"),
    path("<str:batch>/resume", acting.resume, name="resume"),
    path("<str:batch>/give-up", acting.give_up, name="give-up"),
    path("<str:batch>/again", acting.send_again, name="send-again"),
    path("<str:batch>/files/<str:kind>", files.batch_file, name="batch-file"),
]
