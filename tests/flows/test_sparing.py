"""What a worker is spared, and that it is the same without."""

import ssl
from pathlib import Path

import pytest

from flows.sparing import sparing, spelled_once
from tests.corpus import ROOT


def test_a_server_in_clear_costs_no_reading_of_the_webs_certificates():
    settings = sparing("http://127.0.0.1:4200/api")
    context = ssl.create_default_context(cafile=settings["PREFECT_API_SSL_CERT_FILE"])

    assert [dict(name[0] for name in one["subject"]) for one in context.get_ca_certs()] == [{"commonName": "nobody"}]


def test_a_server_that_is_spoken_to_in_secret_is_verified_as_ever():
    assert "PREFECT_API_SSL_CERT_FILE" not in sparing("https://prefect.example/api")


def test_what_stands_for_certificates_is_part_of_the_program_and_no_passing_file():
    settings = sparing("http://127.0.0.1:4200/api")

    assert Path(settings["PREFECT_API_SSL_CERT_FILE"]).parent == ROOT / "flows"


@pytest.mark.parametrize("unset", [True, False])
def test_settings_that_are_spelled_once_are_the_same(unset):
    from prefect.settings import Settings, get_current_settings  # noqa: PLC0415 - it takes seconds

    before = Settings().to_environment_variables(exclude_unset=unset)
    with spelled_once():
        within = [get_current_settings().to_environment_variables(exclude_unset=unset) for _ in range(2)]

    assert within == [before, before]
