"""What the issuer says no with, outside the OAuth endpoints (those answer as RFC 6749 §5.2 has it: `rfc6749.py`)."""

from kit.refusal import Refusal


class InvalidToken(Refusal):
    status = 401
    code = "invalid-token"
    vi = "Phiên đăng nhập không hợp lệ. Hãy đăng nhập lại."
    en = "The access token is not valid. Sign in again."


class TokenExpired(Refusal):
    status = 401
    code = "token-expired"
    vi = "Phiên đăng nhập đã hết hạn. Hãy đăng nhập lại."
    en = "The access token has expired. Sign in again."


class TokenRevoked(Refusal):
    status = 401
    code = "token-revoked"
    vi = "Phiên đăng nhập đã bị chấm dứt. Hãy đăng nhập lại."
    en = "The access token has been revoked. Sign in again."


class InvalidDpopProof(Refusal):
    """At a protected resource (RFC 9449 §7.1)."""

    status = 401
    code = "invalid-dpop-proof"
    vi = "Bằng chứng khoá thiết bị (DPoP) không hợp lệ ({reason}). Hãy mở lại ứng dụng và kiểm tra đồng hồ của máy."
    en = "The DPoP proof does not hold ({reason}). Restart the app and check the clock of the device."


class DpopProofNeeded(InvalidDpopProof):
    """Where a flow begins and no token is shown yet (RFC 9449 §5)."""

    status = 400


class ReplayCheckUnavailable(Refusal):
    status = 503
    code = "replay-check-unavailable"
    vi = "Hệ thống đang bận. Hãy thử lại sau ít phút."
    en = "Used DPoP proofs cannot be looked up right now, so none is accepted. Try again in a minute."


class NoSuchKey(Refusal):
    """The app's ID tokens are signed by an algorithm there is no key for here."""

    status = 503
    code = "no-such-key"
    vi = "Hệ thống thiếu khoá ký mà ứng dụng này cần. Hãy báo cho người vận hành."
    en = "There is no key for the algorithm this app's ID tokens are signed by. Tell an operator."


class UnknownClient(Refusal):
    status = 400
    code = "unknown-client"
    vi = "Ứng dụng {client_id} không được phép bắt đầu tại đây. Hãy cập nhật ứng dụng của thành phố."
    en = "The client {client_id} may not begin here. Use the city's own, current app."


class ClientExists(Refusal):
    status = 409
    code = "client-exists"
    vi = "Đã có ứng dụng mang mã {client_id}."
    en = "There is a client with the id {client_id} already."


class BadClient(Refusal):
    """A registration that could not be kept safe."""

    status = 422
    code = "bad-client"
    vi = "Không thể đăng ký ứng dụng: {reason}."
    en = "The client cannot be registered: {reason}."


class BadService(Refusal):
    """A service that could not be kept apart from others."""

    status = 422
    code = "bad-service"
    vi = "Không thể đăng ký dịch vụ: {reason}."
    en = "The service cannot be registered: {reason}."


class ServiceExists(Refusal):
    status = 409
    code = "service-exists"
    vi = "Đã có dịch vụ mang địa chỉ {uri}."
    en = "There is a service with the address {uri} already."


class BadChallenge(Refusal):
    status = 422
    code = "bad-code-challenge"
    vi = "Ứng dụng phải gửi code_challenge theo phương thức S256 (43 ký tự)."
    en = "Send a code_challenge of 43 characters with code_challenge_method S256 (RFC 7636)."


class BadScope(Refusal):
    status = 422
    code = "bad-scope"
    vi = "Ứng dụng không được phép xin quyền {scope}."
    en = "This client may not ask for the scope {scope}."


class NotForOfficers(Refusal):
    status = 403
    code = "client-not-for-officers"
    vi = "Tài khoản cán bộ không đăng nhập được bằng ứng dụng này. Hãy dùng phần mềm bàn làm việc."
    en = "An officer's account does not sign in through this app. Use the officers' desk."


class NotForCitizens(Refusal):
    status = 403
    code = "client-not-for-citizens"
    vi = "Phần mềm này dành cho cán bộ. Hãy dùng ứng dụng công dân."
    en = "This client is for officers. Use the citizen app."


class NoAppointment(Refusal):
    status = 403
    code = "no-current-appointment"
    vi = "Tài khoản cán bộ này hiện không được phân công tại cơ quan nào. Hãy liên hệ người phụ trách."
    en = "This officer holds no current appointment at any office. Ask the head of the office."


class PasskeyNeeded(Refusal):
    status = 403
    code = "passkey-needed"
    vi = "Cán bộ đăng nhập bằng khoá truy cập (passkey) đã đăng ký. Mất khoá thì nhờ người vận hành cấp lại."
    en = "Officers sign in by the passkey they registered. If it is lost, ask an operator."


class AccountClosed(Refusal):
    status = 410
    code = "account-closed"
    vi = "Tài khoản này đã đóng. Hãy đến quầy một cửa nếu cần mở lại."
    en = "This account is closed. Come to a service desk to open it again."


class AccountLocked(Refusal):
    status = 403
    code = "account-locked"
    vi = "Tài khoản này đang khoá theo yêu cầu của chủ tài khoản. Hãy đến quầy một cửa để mở khoá."
    en = "This account is locked as its holder asked. Come to a service desk to unlock it."


class BadAuthorizationRequest(Refusal):
    """Told on a page: there is nobody the browser could be sent back to."""

    status = 400
    code = "bad-authorization-request"
    vi = "Ứng dụng đưa bạn đến đây đã gửi yêu cầu không hợp lệ ({reason}). Hãy quay lại ứng dụng và báo cho nơi làm ra nó."
    en = "The app that led you here sent a request that cannot be answered ({reason}). Go back to the app and tell its makers."


class SignInPageOver(Refusal):
    status = 410
    code = "sign-in-page-over"
    vi = "Trang đăng nhập này đã hết hạn, đã dùng xong hoặc mở từ trình duyệt khác. Hãy quay lại ứng dụng và bắt đầu lại."
    en = "This sign-in page has expired, was used, or began in another browser. Go back to the app and begin again."


class StrangeForm(Refusal):
    """No page of ours gave this form to this browser."""

    status = 403
    code = "strange-form"
    vi = "Biểu mẫu này không đến từ trang đăng nhập của trình duyệt này. Không có gì được thay đổi; hãy quay lại ứng dụng và bắt đầu lại."
    en = "This form does not come from this browser's sign-in page. Nothing was changed; go back to the app and begin again."


class UnknownUserCode(Refusal):
    status = 404
    code = "unknown-user-code"
    vi = "Không có máy nào đang hiện mã này, hoặc mã đã hết hạn. Hãy xem lại tám chữ cái trên màn hình của máy."
    en = "No screen shows this code now, or it has expired. Look at the eight letters on the screen again."


class KioskVisitOver(Refusal):
    status = 410
    code = "kiosk-visit-over"
    vi = "Lượt sử dụng ki-ốt này đã kết thúc. Hãy bắt đầu lại từ màn hình đầu."
    en = "This visit at the kiosk is over. Begin again at the first screen."


class CodeNotCompared(Refusal):
    status = 422
    code = "code-not-compared"
    vi = "Chưa cho phép gì cả. Hãy so mã với màn hình của máy và đánh dấu nếu giống nhau; nếu khác, hãy từ chối."
    en = "Nothing is allowed yet. Compare the code with the screen and tick if they are the same; refuse if they are not."


class AnotherPersonExpected(Refusal):
    status = 403
    code = "another-person-expected"
    vi = "Ứng dụng đang chờ một người khác. Hãy đăng nhập bằng tài khoản bạn đã dùng với ứng dụng này."
    en = "The app expects somebody else. Sign in with the account you used with this app before."
