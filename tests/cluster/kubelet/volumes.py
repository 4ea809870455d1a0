"""Make a pod's volumes as folders. Knows their kinds; mounts nothing."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from tests.cluster.api import Json
from tests.cluster.kubelet.environment import expand, field_of
from tests.cluster.kubelet.lookup import Lookup

Bind = tuple[str, str, bool]
"""What is shown, where, and whether read-only."""


@dataclass(frozen=True, kw_only=True)
class Volumes:
    """The volumes of one pod below one folder."""

    pod: Json
    folder: Path
    lookup: Lookup

    @property
    def group(self) -> int:
        """The group that may write, from the pod's `fsGroup`; 0: none is set."""
        return int(self.pod["spec"].get("securityContext", {}).get("fsGroup", 0))

    def make(self) -> None:
        """Make every volume; NotYetError where one refers to what is missing."""
        for volume in self.pod["spec"].get("volumes", []):
            if "persistentVolumeClaim" in volume:
                self._own(Path(self._claim(volume)))
            elif "hostPath" not in volume:
                place = self.folder / volume["name"]
                place.mkdir(parents=True, exist_ok=True)
                self._fill(place, volume)

    def refresh(self) -> None:
        """Write tokens anew, before they end."""
        for volume in self.pod["spec"].get("volumes", []):
            if "projected" in volume:
                self._fill(self.folder / volume["name"], volume)

    def remove(self) -> None:
        """Forget all but claims."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def binds(self, container: Json, environment: dict[str, str]) -> list[Bind]:
        """Return what is mounted into a container."""
        volumes = {volume["name"]: volume for volume in self.pod["spec"].get("volumes", [])}
        found = []
        for mount in container.get("volumeMounts", []):
            volume = volumes[mount["name"]]
            source: Path = self._source(volume)
            inner = mount.get("subPath") or expand(mount.get("subPathExpr", ""), environment)
            if inner:
                source /= inner
                if not source.exists():
                    source.mkdir(parents=True)
                    self._own(source)
            fixed = {"configMap", "secret", "projected", "downwardAPI"} & set(volume)
            found.append((str(source), mount["mountPath"], bool(mount.get("readOnly") or fixed)))
        return found

    def _source(self, volume: Json) -> Path:
        if "persistentVolumeClaim" in volume:
            return Path(self._claim(volume))
        if "hostPath" in volume:
            return Path(volume["hostPath"]["path"])
        return self.folder / str(volume["name"])

    def _claim(self, volume: Json) -> str:
        return self.lookup.volume_of_claim(volume["persistentVolumeClaim"]["claimName"])

    def _fill(self, place: Path, volume: Json) -> None:
        if "emptyDir" in volume:
            place.chmod(0o777)
            self._own(place)
            return
        parts = volume["projected"]["sources"] if "projected" in volume else [volume]
        default = next((volume[kind].get("defaultMode") for kind in ("configMap", "secret",
                        "projected", "downwardAPI") if kind in volume), None)  # fmt: skip
        for part in parts:
            for name, data in self._files(part).items():
                self._write(place / name, data, default or 0o644)

    def _files(self, part: Json) -> dict[str, bytes]:
        if "serviceAccountToken" in part:
            asked = part["serviceAccountToken"]
            seconds = max(600, asked.get("expirationSeconds", 3600))
            return {asked["path"]: self.lookup.token(self.pod, asked.get("audience", ""), seconds)}
        if "downwardAPI" in part:
            items = part["downwardAPI"]["items"]
            return {i["path"]: field_of(i["fieldRef"]["fieldPath"], self.pod).encode()
                    for i in items}  # fmt: skip
        kind = "configMap" if "configMap" in part else "secret"
        given = part[kind]
        name = given.get("name") or given["secretName"]
        read = self.lookup.config_map if kind == "configMap" else self.lookup.secret
        values = read(name, given.get("optional", False))
        if "items" in given:
            return {item["path"]: values[item["key"]] for item in given["items"]}
        return values

    def _write(self, path: Path, data: bytes, mode: int) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{path.name}.part")
        part.write_bytes(data)
        # A group that is set may read what it owns, as the kubelet sees to.
        part.chmod(mode | 0o040 if self.group else mode)
        os.chown(part, -1, self.group)
        part.rename(path)

    def _own(self, place: Path) -> None:
        if self.group:
            os.chown(place, -1, self.group)
            place.chmod(place.stat().st_mode & 0o7777 | 0o2070)
