"""Addresses about people."""

from django.urls import path

from rotations.people import views

urlpatterns = [path("preferences/", views.preferences, name="preferences")]
