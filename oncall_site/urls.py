"""Every address of the site: the apps', the accounts', the programs'."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("rotations.urls")),
    path("", include("incidents.urls")),
    path("admin/", admin.site.urls),
]
