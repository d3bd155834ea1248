"""Addresses about people."""

from django.urls import path

from rotations.people import views

urlpatterns = [
    path("preferences/", views.preferences, name="preferences"),
    path("account/tokens/", views.api_tokens, name="api-tokens"),
    path("account/tokens/<int:pk>/revoke/", views.revoke_api_token, name="api-token-revoke"),
    path("first-administrator/<str:token>/", views.become_first_administrator, name="first-administrator"),
    path("first-steps/", views.first_steps, name="first-steps"),
]
