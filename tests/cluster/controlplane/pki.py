"""Make the keys and certificates of one control plane. Knows openssl and no Kubernetes."""

import subprocess
from pathlib import Path


def make_keys(folder: Path, address: str) -> None:
    """Make the service accounts' key pair, and what the API server and KEDA show each other."""
    folder.mkdir(parents=True, exist_ok=True)
    _openssl(folder, "genrsa", "-out", "sa.key", "2048")
    _openssl(folder, "rsa", "-in", "sa.key", "-pubout", "-out", "sa.pub")
    for name in ("front-ca", "client-ca", "ca"):
        _openssl(
            folder, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key",
            "-out", f"{name}.crt", "-subj", f"/CN={name}", "-days", "30",
        )  # fmt: skip
    _sign(folder, "front-ca", "front", "front-proxy-client", "extendedKeyUsage=clientAuth")
    names = f"subjectAltName=DNS:localhost,IP:{address}"
    _sign(folder, "ca", "tls", "localhost", f"{names}\nextendedKeyUsage=serverAuth,clientAuth")


def _sign(folder: Path, ca: str, name: str, subject: str, extensions: str) -> None:
    (folder / f"{name}.ext").write_text(extensions)
    _openssl(
        folder, "req", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key",
        "-out", f"{name}.csr", "-subj", f"/CN={subject}",
    )  # fmt: skip
    _openssl(
        folder, "x509", "-req", "-in", f"{name}.csr", "-CA", f"{ca}.crt", "-CAkey", f"{ca}.key",
        "-CAcreateserial", "-days", "30", "-extfile", f"{name}.ext", "-out", f"{name}.crt",
    )  # fmt: skip


def _openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)
