"""Addresses of schedules, overrides and their reasons."""

from django.urls import path

from rotations.rota import views

urlpatterns = [
    path("schedules/<slug:slug>/", views.schedule, name="schedule"),
    path("schedules/<slug:slug>/why/", views.why, name="why"),
    path("schedules/<slug:slug>/rotations/<int:pk>/publish/", views.publish, name="rotation-publish"),
    path("schedules/<slug:slug>/override/", views.create_override, name="override-create"),
    path("schedules/<slug:slug>/override/<int:pk>/withdraw/", views.withdraw_override, name="override-withdraw"),
]
