"""The planner."""

from enum import StrEnum


class Pairing(StrEnum):
    """How the secondary relates to the primary."""

    TRAIL = "trail"

    @classmethod
    def choices(cls) -> list[tuple[str, str]]:
        return [(pairing.value, pairing.value) for pairing in cls]
