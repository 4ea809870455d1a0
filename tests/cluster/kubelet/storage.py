"""Make a folder for every claim, and remove it with the claim. Knows claims; mounts nothing."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from tests.cluster.api import Api, ApiError, Json

PROVISIONER = "pairmill.test/folder"


@dataclass(frozen=True, kw_only=True)
class Storage:
    """The volumes of one cluster below one folder."""

    api: Api
    folder: Path

    def follow_claims(self, kind: str, found: Json) -> None:
        """Make a volume for each claim that waits for one."""
        claims = found["items"] if kind == "LISTED" else [found]
        for claim in claims if kind in ("LISTED", "ADDED", "MODIFIED") else []:
            if claim["spec"].get("storageClassName") == "folder" and not claim["spec"].get(
                "volumeName"
            ):
                self._make(claim)

    def follow_volumes(self, kind: str, found: Json) -> None:
        """Remove each volume whose claim is gone."""
        volumes = found["items"] if kind == "LISTED" else [found]
        for volume in volumes if kind in ("LISTED", "ADDED", "MODIFIED") else []:
            if volume.get("status", {}).get("phase") == "Released":
                shutil.rmtree(volume["spec"]["hostPath"]["path"], ignore_errors=True)
                self.api.delete(f"/api/v1/persistentvolumes/{volume['metadata']['name']}")

    def _make(self, claim: Json) -> None:
        meta, spec = claim["metadata"], claim["spec"]
        name = f"pvc-{meta['uid']}"
        place = self.folder / name
        place.mkdir(parents=True, exist_ok=True)
        volume = {
            "metadata": {"name": name,
                         "annotations": {"pv.kubernetes.io/provisioned-by": PROVISIONER}},
            "spec": {
                "capacity": {"storage": spec["resources"]["requests"]["storage"]},
                "accessModes": spec["accessModes"], "persistentVolumeReclaimPolicy": "Delete",
                "storageClassName": "folder", "hostPath": {"path": str(place)},
                "claimRef": {"apiVersion": "v1", "kind": "PersistentVolumeClaim",
                             "namespace": meta["namespace"], "name": meta["name"],
                             "uid": meta["uid"]},
            },
        }  # fmt: skip
        try:
            self.api.create("/api/v1/persistentvolumes", volume)
        except ApiError as error:
            if error.status != 409:
                raise
