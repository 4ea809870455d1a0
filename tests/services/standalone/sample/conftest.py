import pytest

from services.standalone.sample.benchmark import Query, queries
from services.standalone.sample.families import Entry, plan


@pytest.fixture(scope="session")
def corpus() -> list[Entry]:
    return plan(7, 2000, held_out=False)


@pytest.fixture(scope="session")
def gallery() -> list[Entry]:
    return plan(7, 400, held_out=True)


@pytest.fixture(scope="session")
def asked(gallery: list[Entry]) -> list[Query]:
    return queries(gallery, 7)
