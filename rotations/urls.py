"""The addresses of `rotations`, room by room."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("rotations.people.urls")),
    path("", include("rotations.contact.urls")),
    path("", include("rotations.rota.urls")),
    path("", include("rotations.calendar.urls")),
]
