"""The project as an app, so that its checks and commands are found."""

from django.apps import AppConfig
from django.core.checks import Tags, register

from oncall_site import checks


class SiteConfig(AppConfig):
    name = "oncall_site"
    verbose_name = "Tandem"

    def ready(self) -> None:
        register(checks.settings_agree, Tags.compatibility)
        register(checks.settings_fit_a_deployment, Tags.security, deploy=True)
