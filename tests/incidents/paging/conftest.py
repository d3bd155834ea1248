import pytest

from tests.incidents.paging.duty import Duty, make_duty


@pytest.fixture
def duty(db) -> Duty:
    """A service whose schedule, Payments, has a pair on call and a manager behind it."""
    return make_duty(schedule__name="Payments")
