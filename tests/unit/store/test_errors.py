"""botocore's errors leave the package as the project's, and everything else as it is."""

import pytest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    IncompleteReadError,
    NoCredentialsError,
    ParamValidationError,
    PartialCredentialsError,
    ReadTimeoutError,
)
from urllib3.exceptions import ProtocolError

import steno_store
from steno_store import (
    BucketNotFoundError,
    ObjectChangedError,
    ObjectNotFoundError,
    StoreError,
    StoreForbiddenError,
    StoreUnavailableError,
    errors,
)
from steno_store.errors import translated


def an_answer(code: str, status: int) -> ClientError:
    """What botocore raises for an answer of the store."""
    metadata = {"RequestId": "", "HostId": "", "HTTPStatusCode": status, "HTTPHeaders": {}, "RetryAttempts": 0}
    return ClientError({"Error": {"Code": code, "Message": "said"}, "ResponseMetadata": metadata}, "GetObject")  # type: ignore[typeddict-item]


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        pytest.param("NoSuchKey", 404, ObjectNotFoundError, id="no object"),
        pytest.param("NoSuchUpload", 404, ObjectNotFoundError, id="no upload"),
        pytest.param("404", 404, ObjectNotFoundError, id="HEAD of nothing"),
        pytest.param("NoSuchBucket", 404, BucketNotFoundError, id="no bucket"),
        pytest.param("XAdminUserNotFound", 404, StoreForbiddenError, id="Versity's unknown key"),
        pytest.param("page not found", 404, StoreError, id="a proxy's 404"),
        pytest.param("AccessDenied", 403, StoreForbiddenError, id="denied"),
        pytest.param("InvalidAccessKeyId", 403, StoreForbiddenError, id="unknown key"),
        pytest.param("SignatureDoesNotMatch", 403, StoreForbiddenError, id="wrong secret"),
        pytest.param("403", 403, StoreForbiddenError, id="HEAD denied"),
        pytest.param("Unauthorized", 401, StoreForbiddenError, id="unauthorized"),
        pytest.param("ExpiredToken", 400, StoreForbiddenError, id="expired token"),
        pytest.param("InternalError", 500, StoreUnavailableError, id="internal error"),
        pytest.param("SlowDown", 503, StoreUnavailableError, id="slow down"),
        pytest.param("503", 503, StoreUnavailableError, id="HEAD unavailable"),
        pytest.param("XMinioStorageFull", 507, StoreUnavailableError, id="MinIO's disk is full"),
        pytest.param("SomethingNew", 502, StoreUnavailableError, id="bad gateway"),
        pytest.param("TooManyRequests", 429, StoreUnavailableError, id="too many requests"),
        pytest.param("RequestTimeout", 400, StoreUnavailableError, id="request timeout"),
        pytest.param("ConditionalRequestConflict", 409, StoreUnavailableError, id="conflict"),
        pytest.param("PreconditionFailed", 412, ObjectChangedError, id="replaced"),
        pytest.param("InvalidRange", 416, StoreError, id="beyond the end"),
        pytest.param("NotImplemented", 501, StoreError, id="not implemented"),
        pytest.param("EntityTooLarge", 400, StoreError, id="too large"),
        pytest.param("PermanentRedirect", 301, StoreError, id="another region"),
    ],
)
def test_an_answer_is_classified(code: str, status: int, expected: type[StoreError]) -> None:
    """Who can act on it decides the class; the message says what was tried and what was answered."""
    with pytest.raises(StoreError) as caught, translated("read s3://b/k"):
        raise an_answer(code, status)

    assert expected is caught.type
    assert f"cannot read s3://b/k: {code} said" == str(caught.value)
    assert isinstance(caught.value.__cause__, ClientError)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        pytest.param(EndpointConnectionError(endpoint_url="http://e"), StoreUnavailableError, id="refused"),
        pytest.param(ConnectTimeoutError(endpoint_url="http://e"), StoreUnavailableError, id="no route"),
        pytest.param(ReadTimeoutError(endpoint_url="http://e"), StoreUnavailableError, id="no answer"),
        pytest.param(
            IncompleteReadError(actual_bytes=1, expected_bytes=2), StoreUnavailableError, id="cut off, botocore's"
        ),
        pytest.param(ProtocolError("reset"), StoreUnavailableError, id="cut off, urllib3's"),
        pytest.param(NoCredentialsError(), StoreForbiddenError, id="no credentials"),
        pytest.param(
            PartialCredentialsError(provider="env", cred_var="secret"), StoreForbiddenError, id="half of them"
        ),
        pytest.param(ParamValidationError(report="Invalid bucket name"), StoreError, id="refused before it is sent"),
    ],
)
def test_no_answer_is_classified(error: BotoCoreError | ProtocolError, expected: type[StoreError]) -> None:
    """A store that cannot be reached is unavailable; one that must not be asked is forbidden."""
    with pytest.raises(StoreError, match="cannot list s3://b/") as caught, translated("list s3://b/"):
        raise error

    assert expected is caught.type
    assert error is caught.value.__cause__


@pytest.mark.parametrize("error", [KeyError("k"), StoreForbiddenError("already told"), GeneratorExit()])
def test_other_errors_pass(error: BaseException) -> None:
    """Only botocore's and urllib3's are the store's to explain."""
    with pytest.raises(type(error)) as caught, translated("list s3://b/"):
        raise error

    assert error is caught.value


def test_the_drawing_is_the_tree() -> None:
    """The module's docstring draws the classes that there are, and all of them are exported."""

    def drawn(error: type[StoreError], depth: int = 0) -> list[tuple[int, str]]:
        below = sorted(error.__subclasses__(), key=lambda found: found.__name__)
        return [(depth, error.__name__), *(line for found in below for line in drawn(found, depth + 1))]

    lines = [line.removeprefix("    ") for line in (errors.__doc__ or "").splitlines() if line.endswith("Error")]
    ours = [(depth, name) for depth, name in drawn(StoreError) if hasattr(errors, name)]

    assert ours == [((len(line) - len(line.lstrip(" │├└─"))) // 4, line.lstrip(" │├└─")) for line in lines]
    assert {name for _, name in ours} <= set(steno_store.__all__)
