"""The project as an app, so that its checks and commands are found."""

from django.apps import AppConfig


class SiteConfig(AppConfig):
    name = "oncall_site"
    verbose_name = "Tandem"
