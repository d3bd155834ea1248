"""Addresses of the calendar."""

from django.urls import path

from rotations.calendar import views

urlpatterns = [
    path("calendar/", views.first_calendar, name="calendar"),
    path("calendars/", views.choose_calendar, name="calendar-choose"),
    path("calendar/<slug:slug>/", views.calendar_month, name="calendar-month"),
]
