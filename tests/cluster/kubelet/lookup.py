"""Read what pods refer to: config maps, secrets, tokens. Knows the API; caches nothing."""

import base64
from dataclasses import dataclass

from tests.cluster.api import Api, ApiError, Json


class NotYetError(Exception):
    """A pod refers to something that does not exist, or not yet: it waits and says so."""


@dataclass(frozen=True)
class Lookup:
    """What the pods of one namespace may refer to."""

    api: Api
    namespace: str

    def config_map(self, name: str, optional: bool) -> dict[str, bytes]:
        """Return the values of a config map; none where it is optional and missing."""
        found = self._read("configmaps", name, optional)
        values = {key: text.encode() for key, text in (found.get("data") or {}).items()}
        binary = found.get("binaryData") or {}
        return {**values, **{key: base64.b64decode(text) for key, text in binary.items()}}

    def secret(self, name: str, optional: bool) -> dict[str, bytes]:
        """Return the values of a secret; none where it is optional and missing."""
        found = self._read("secrets", name, optional)
        return {key: base64.b64decode(text) for key, text in (found.get("data") or {}).items()}

    def services(self) -> list[Json]:
        """Return the services, for the variables that every container gets."""
        own = self.api.items(f"/api/v1/namespaces/{self.namespace}/services")
        return [self.api.get("/api/v1/namespaces/default/services/kubernetes"), *own]

    def token(self, pod: Json, audience: str, seconds: int) -> bytes:
        """Return a token of the pod's service account that is worth nothing without the pod."""
        bound = {"apiVersion": "v1", "kind": "Pod", "name": pod["metadata"]["name"],
                 "uid": pod["metadata"]["uid"]}  # fmt: skip
        spec: Json = {"expirationSeconds": seconds, "boundObjectRef": bound}
        if audience:
            spec["audiences"] = [audience]
        account = pod["spec"].get("serviceAccountName", "default")
        path = f"/api/v1/namespaces/{self.namespace}/serviceaccounts/{account}/token"
        kind = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest"}
        return str(self.api.create(path, {**kind, "spec": spec})["status"]["token"]).encode()

    def volume_of_claim(self, name: str) -> str:
        """Return the folder of a claim, once it is bound."""
        claim = self._read("persistentvolumeclaims", name, False)
        volume = claim["spec"].get("volumeName", "")
        if claim["status"].get("phase") != "Bound":
            raise NotYetError(f"persistentvolumeclaim {name} is not bound")
        return str(self.api.get(f"/api/v1/persistentvolumes/{volume}")["spec"]["hostPath"]["path"])

    def _read(self, kind: str, name: str, optional: bool) -> Json:
        try:
            return self.api.get(f"/api/v1/namespaces/{self.namespace}/{kind}/{name}")
        except ApiError as error:
            if error.status != 404:
                raise
            if optional:
                return {}
            raise NotYetError(f"{kind[:-1]} {name} not found") from None
