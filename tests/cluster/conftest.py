"""Namespaces and pods for the tests of the cluster."""

import uuid

import pytest

from tests.cluster.controlplane.plane import Cluster
from tests.servers.conftest import emoji as emoji  # the same images as on loopback


@pytest.fixture
def namespace(cluster: Cluster) -> str:
    """A fresh namespace that enforces nothing."""
    name = f"test-{uuid.uuid4().hex[:8]}"
    cluster.api.create("/api/v1/namespaces", {"metadata": {"name": name}})
    return name
