"""Where Django's admin looks: each room's own."""

from incidents.alerts import admin as alerts
from incidents.paging import admin as paging
from incidents.policies import admin as policies

__all__ = ["alerts", "paging", "policies"]
