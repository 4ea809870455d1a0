"""Reach the API server, and turn its refusals into errors that say what to do. Knows no Job."""

import base64
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import urllib3
from kubernetes import client, config
from kubernetes.client.exceptions import ApiException

from pairmill.core.errors import ConfigError, RetryError

TOKEN = Path("/var/run/secrets/kubernetes.io/serviceaccount/token")
TIMEOUT_SECONDS = 30.0
Answer = TypeVar("Answer")


def ask(call: Callable[..., Answer], **given: Any) -> Answer:
    """Call the API server; its refusals become errors that say what to do.

    What is not there raises KeyError, what is there already FileExistsError.
    """
    try:
        return call(_request_timeout=TIMEOUT_SECONDS, **given)
    except ApiException as error:
        said = f"{error.status} {error.reason}: {_message(error)}"
        if error.status == 404:
            raise KeyError(given.get("name", "")) from None
        if error.status == 409:
            raise FileExistsError(said) from None
        if error.status in (400, 401, 403, 422):
            raise ConfigError(
                f"the API server refuses: {said}; wanted the rights and manifests of the chart"
            ) from None
        raise RetryError(f"the API server: {said}") from None
    except urllib3.exceptions.HTTPError as error:
        raise RetryError(f"the API server does not answer: {error}") from None


def configuration() -> Any:
    """Return how to reach the API server: as this pod's account, else by a kubeconfig."""
    found = client.Configuration()
    try:
        if TOKEN.exists():
            config.load_incluster_config(client_configuration=found)
        else:
            # By itself the package looks at the variable only once, when it is imported.
            config.load_kube_config(os.environ.get("KUBECONFIG"), client_configuration=found)
    except config.ConfigException as error:
        raise ConfigError(
            f"PAIRMILL_JOBS=kubernetes needs a pod with a service account, or KUBECONFIG: {error}"
        ) from None
    found.retries = False
    return found


def own_account() -> dict[str, Any] | None:
    """Return this pod's account, as its token names it."""
    if not TOKEN.exists():
        return None
    payload = TOKEN.read_text().split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        **claims["kubernetes.io"]["serviceaccount"],
    }


def _message(error: ApiException) -> str:
    try:
        return str(json.loads(error.body)["message"])
    except (ValueError, KeyError, TypeError):
        return ""
