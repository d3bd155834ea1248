"""Addresses of the calendar."""

from django.urls import path

from rotations.calendar import views

urlpatterns = [path("calendar/", views.first_calendar, name="calendar")]
