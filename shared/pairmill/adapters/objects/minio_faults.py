"""Say what a failed S3 call means, and to whom. Knows errors and status codes; calls nobody.

No message holds a secret, and none repeats a vendor's text: that may hold a signed address.
"""

from dataclasses import dataclass

from minio.error import InvalidResponseError, MinioException, S3Error, ServerError
from urllib3.exceptions import HTTPError, SSLError

from pairmill.core.errors import ConfigError, PairmillError, RetryError, StoreFullError

FAULTS = (MinioException, HTTPError)
"""What the vendor's client raises when a call fails."""

MISSING = {"NoSuchKey", "NoSuchVersion", "ResourceNotFound"}
DENIED = {
    "AccessDenied", "AllAccessDisabled", "InvalidAccessKeyId", "SignatureDoesNotMatch",
    "InvalidSecurity", "ExpiredToken", "InvalidToken", "AccountProblem",
}  # fmt: skip
FULL = {"XMinioStorageFull", "XMinioAdminBucketQuotaExceeded", "QuotaExceeded",
        "InsufficientStorage", "XMinioDiskFull"}  # fmt: skip
WRONG_KEY = {"KeyTooLongError", "XMinioInvalidObjectName", "XMinioParentIsObject",
             "XMinioObjectExistsAsDirectory", "InvalidObjectName"}  # fmt: skip
REGION = {"AuthorizationHeaderMalformed", "PermanentRedirect", "Redirect", "InvalidRegion",
          "IllegalLocationConstraintException", "TemporaryRedirect"}  # fmt: skip
AGAIN = {"SlowDown", "SlowDownRead", "SlowDownWrite", "InternalError", "ServiceUnavailable",
         "RequestTimeout", "ConditionalRequestConflict", "OperationAborted", "ServerBusy",
         "XMinioServerNotInitialized", "IncompleteBody", "BadDigest"}  # fmt: skip
AGAIN_STATUS = {408, 409, 425, 429, 500, 502, 503, 504}


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A call: to which endpoint and bucket, about which key, and whether it ever answered."""

    endpoint: str
    bucket: str
    key: str = ""
    answered: bool = False

    @property
    def where(self) -> str:
        """The place, for people."""
        return f"{self.endpoint}/{self.bucket}"


def code_of(error: Exception) -> str:
    """Return S3's name of an error, or a vendor's; never its text."""
    return (error.code or "") if isinstance(error, S3Error) else type(error).__name__


def status_of(error: Exception) -> int:
    """Return the status that a server answered with; 0 where none did."""
    if isinstance(error, S3Error):
        return int(error.response.status)
    if isinstance(error, ServerError):
        return int(error.status_code)
    return int(getattr(error, "_code", 0)) if isinstance(error, InvalidResponseError) else 0


def meaning(error: Exception, asked: Asked) -> Exception:
    """Return the error that a failed call shall be known by."""
    code, status = code_of(error), status_of(error)
    if status == 0:
        return _unanswered(code, isinstance(error, SSLError), asked)
    if code in MISSING:
        return KeyError(asked.key)
    if code in WRONG_KEY:
        return ValueError(
            f"key {asked.key!r}: {asked.where} refuses it ({code}); a key has at most 1,024 bytes, "
            "and in some stores an object cannot also be a folder"
        )
    if code in AGAIN or (status in AGAIN_STATUS and code not in FULL):
        return RetryError(f"{asked.where}: {asked.key or 'the bucket'}: {code}, status {status}")
    return _lasting(code, status, asked)


def _lasting(code: str, status: int, asked: Asked) -> PairmillError:
    """Return an error that only a person can end."""
    if code in FULL or status == 507:
        return StoreFullError(
            f"{asked.where}: no space left for {asked.key} ({code}): free some, or raise the "
            "bucket's quota, and start again; the run goes on from there"
        )
    if code == "NoSuchBucket":
        return ConfigError(
            f"{asked.where}: there is no such bucket: make it, correct the name "
            "(PAIRMILL_S3__BUCKET), or set PAIRMILL_S3__CREATE_BUCKET=true to have it made"
        )
    if code in DENIED or status in (401, 403):
        return ConfigError(
            f"{asked.where}: access to {asked.key or 'the bucket'} was denied ({code}): wanted "
            "PAIRMILL_S3__ACCESS_KEY and PAIRMILL_S3__SECRET_KEY of a user who may use this bucket"
        )
    if code in REGION:
        return ConfigError(
            f"{asked.where}: the bucket lies in another region ({code}): set PAIRMILL_S3__REGION "
            "and PAIRMILL_S3__ENDPOINT to those of the bucket"
        )
    if code == "RequestTimeTooSkewed":
        return ConfigError(f"{asked.where}: the clocks of server and client differ; set them right")
    return ConfigError(
        f"{asked.where}: {asked.key or 'the bucket'}: got {code} with status {status}, wanted an "
        "S3 answer: check that PAIRMILL_S3__ENDPOINT is the S3 port and says https:// where it "
        "should"
    )


def _unanswered(code: str, insecure: bool, asked: Asked) -> PairmillError:
    """Return what silence means: a wrong address at first, a fault that passes later on."""
    if insecure:
        return ConfigError(
            f"{asked.endpoint}: no trusted TLS connection: check that the port speaks https://, "
            "and name the authority's certificate in SSL_CERT_FILE"
        )
    if asked.answered:
        return RetryError(f"{asked.where}: {asked.key or 'the bucket'}: no answer ({code})")
    return ConfigError(
        f"{asked.endpoint}: no answer ({code}): check PAIRMILL_S3__ENDPOINT, and that the server "
        "runs and can be reached from here"
    )
