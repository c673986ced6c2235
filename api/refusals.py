"""Any refusal becomes one RFC 9457 problem document; nobody else builds an error body."""

import logging
from typing import Any

from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from psycopg import DataError
from psycopg import errors as pg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from kit import logs
from kit.refusal import Fault, Problem, Refusal, fault

_log = logging.getLogger("motcua.api")

PROBLEM = "application/problem+json"


class Malformed(Refusal):
    status = 400
    code = "malformed-request"
    vi = "Nội dung gửi lên không đúng mẫu. Hãy xem từng mục được nêu."
    en = "What was sent does not have the form this call takes. See each field named."


class NoSuchAddress(Refusal):
    status = 404
    code = "not-found"
    vi = "Không tìm thấy. Hãy kiểm tra lại mã hoặc địa chỉ."
    en = "Nothing was found here. Check the code or the address."


class MethodNotAllowed(Refusal):
    status = 405
    code = "method-not-allowed"
    vi = "Địa chỉ này không nhận phương thức đó."
    en = "This address does not take that method."


class TooLarge(Refusal):
    status = 413
    code = "body-too-large"
    vi = "Nội dung gửi lên quá lớn. Hãy giảm kích thước ảnh hoặc tệp."
    en = "What was sent is too large. Send a smaller photo or file."


class Unsupported(Refusal):
    status = 415
    code = "unsupported-media-type"
    vi = "Kiểu nội dung này không được nhận ở đây."
    en = "This kind of content is not taken here."


class Other(Refusal):
    code = "refused"


class Unavailable(Refusal):
    status = 503
    code = "storage-unavailable"
    vi = "Hệ thống đang bận. Chưa có gì bị mất; hãy thử lại sau ít phút."
    en = "Storage cannot be reached right now. Nothing was lost; try again in a few minutes."


class Unexpected(Refusal):
    status = 500
    code = "unexpected"
    vi = "Có lỗi ngoài dự kiến. Hãy thử lại; nếu vẫn lỗi, hãy báo mã {request_id} cho người vận hành."
    en = "Something unexpected happened. Try again; if it persists, give the operator the id {request_id}."


_BY_STATUS: dict[int, type[Refusal]] = {404: NoSuchAddress, 405: MethodNotAllowed, 413: TooLarge, 415: Unsupported}


def respond(request: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
    """The problem document of any exception, as the framework sends it."""
    problem, headers = problem_of(error, request.headers.get("accept-language", "vi"))
    return Response(content=problem, status_code=problem.status, headers=headers, media_type=PROBLEM)


def problem_of(error: Exception, languages: str) -> tuple[Problem, dict[str, str]]:
    """The problem document of any exception, and the headers that go with it; what is not a refusal is logged whole and told as 500
    without its inside. `languages` is what the caller sent as Accept-Language."""
    refusal = refusal_of(error)
    status = refusal.status
    headers = dict(refusal.headers)
    if refusal.retry_after_seconds is not None:
        headers["Retry-After"] = str(refusal.retry_after_seconds)
    if status >= 500 and not isinstance(error, Refusal):
        _log.error("unexpected", exc_info=error)
    if isinstance(error, HTTPException) and error.headers:
        headers |= {name: value for name, value in error.headers.items() if name.lower() == "allow"}
    message = refusal.message
    problem = Problem(
        type=f"urn:motcua:problem:{refusal.code}",
        title=refusal.code.replace("-", " "),
        status=status,
        code=refusal.code,
        detail=message.vi if _wants_vietnamese(languages) else message.en,
        message=message,
        instance=f"urn:motcua:request:{logs.request_id.get()}",
        faults=refusal.faults,
    )
    return problem, headers


def refusal_of(error: Exception) -> Refusal:
    """The refusal that any exception is told as."""
    if isinstance(error, Refusal):
        return error
    if isinstance(error, ValidationException):
        return Malformed(faults=_faults(error))
    # A body that is no UTF-8, in an encoding nobody knows (a KeyError, a LookupError too, is ours), or nested too deep.
    if isinstance(error, UnicodeDecodeError | RecursionError) or type(error) is LookupError:
        return Malformed()
    if isinstance(error, HTTPException):
        if error.status_code >= 500:
            return Unexpected(request_id=logs.request_id.get())
        kind = _BY_STATUS.get(error.status_code)
        if kind is None:
            kind = Malformed if error.status_code in (400, 422) else Other
        return kind()
    if _holds_a_nul(error):
        return Malformed()
    if _storage_is_away(error):
        return Unavailable(retry_after_seconds=5)
    return Unexpected(request_id=logs.request_id.get())


def _holds_a_nul(error: BaseException) -> bool:
    """Text that no column takes, neither as it is nor within JSON; nothing of it was written."""
    if isinstance(error, DBAPIError) and error.orig is not None:
        error = error.orig
    if isinstance(error, pg.UntranslatableCharacter):
        return True
    return isinstance(error, DataError) and "NUL (0x00)" in str(error)


def _storage_is_away(error: BaseException | None) -> bool:
    if isinstance(error, PoolTimeout):
        return True
    if isinstance(error, DBAPIError):
        error = error.orig
    # Lost connection, shutdown, full disk, too many connections, lock or statement time-out: the same call may succeed later.
    return isinstance(
        error,
        pg.AdminShutdown | pg.CrashShutdown | pg.CannotConnectNow | pg.TooManyConnections | pg.DiskFull | pg.LockNotAvailable
        | pg.QueryCanceled | pg.SerializationFailure | pg.DeadlockDetected | pg.OperationalError,
    )  # fmt: skip


def _faults(error: ValidationException) -> list[Fault]:
    found: list[Fault] = []
    extra: Any = error.extra
    for item in extra if isinstance(extra, list) else []:
        key, said = str(item.get("key") or "body"), str(item.get("message") or "not acceptable")
        found.append(fault(key, "malformed", f"Không đúng mẫu: {said}", said))
    return found


def _wants_vietnamese(languages: str) -> bool:
    """Vietnamese first: English only for those who ask for it before Vietnamese."""
    for part in languages.lower().split(","):
        if part.strip().startswith("vi"):
            return True
        if part.strip().startswith("en"):
            return False
    return True
