"""Addresses for programs about schedules, under /api/v1/."""

from django.urls import path

from rotations.rota import api

urlpatterns = [
    path("on-call/", api.OnCallView.as_view(), name="api-on-call"),
    path("schedules/", api.ScheduleListView.as_view(), name="api-schedules"),
    path("schedules/<slug:slug>/on-call/", api.ScheduleOnCallView.as_view(), name="api-schedule-on-call"),
    path("schedules/<slug:slug>/timeline/", api.ScheduleTimelineView.as_view(), name="api-schedule-timeline"),
]
