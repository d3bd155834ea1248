"""The two tiers: equal readiness, different trigger (article, "Equal Readiness, Different Triggers")."""

from enum import StrEnum


class Tier(StrEnum):
    """Who hears of an alert first (`primary`) and who hears when the first stays silent (`secondary`)."""

    PRIMARY = "primary"
    SECONDARY = "secondary"

    @property
    def other(self) -> "Tier":
        return Tier.SECONDARY if self is Tier.PRIMARY else Tier.PRIMARY

    @classmethod
    def choices(cls) -> list[tuple[str, str]]:
        """For a form or a column; the words are the field's own."""
        return [(tier.value, tier.value.capitalize()) for tier in cls]
