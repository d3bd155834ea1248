"""What the log holds, and what it must not."""

from logging.config import DictConfigurator

import pytest
from django.test import Client

from incidents.paging import links
from oncall_site.logging import logging_config
from rotations.people.clock import now
from rotations.people.first_administrator import make_token


@pytest.mark.django_db
@pytest.mark.parametrize("style", ["json", "words"])
def test_no_line_holds_an_address_that_lets_its_reader_act(style, caplog):
    """Django quotes the address of whatever it refuses, twice in one line."""
    page, token = links.path_for(incident_id=1, user_id=1), make_token(now=now())
    reset = "/accounts/password/reset/1-cz9x2k-4b0c1d2e3f4a5b6c7d8e9f/"
    for path in (page, f"/first-administrator/{token}/", reset):
        Client(enforce_csrf_checks=True).post(path)
    formatter = DictConfigurator({}).configure_formatter(logging_config("INFO", style)["formatters"]["line"])
    lines = [formatter.format(record) for record in caplog.records]
    assert len([line for line in lines if "/…/" in line]) == 3
    assert not [line for line in lines if page.split("/")[2] in line or token in line or "4b0c1d" in line]
