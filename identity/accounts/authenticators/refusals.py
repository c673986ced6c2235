"""What the ways in say no with."""

from kit.refusal import Refusal


class LastAuthenticator(Refusal):
    status = 409
    code = "last-authenticator"
    vi = "Đây là cách đăng nhập cuối cùng không cần sinh trắc học. Hãy thêm số điện thoại hoặc thư điện tử khác trước."
    en = "This is the last way in that needs no biometrics. Add another phone or address first."


class TooManyContacts(Refusal):
    status = 409
    code = "too-many-contacts"
    vi = "Tài khoản đã có {most} số điện thoại và thư. Hãy bỏ bớt một địa chỉ cũ."
    en = "The account has {most} phones and addresses. Remove an old one first."


class ConfirmationOver(Refusal):
    status = 410
    code = "confirmation-over"
    vi = "Mã xác nhận đã hết hạn hoặc đã nhập sai quá nhiều lần. Hãy xin mã mới."
    en = "This confirmation has expired or seen too many wrong codes. Ask for a new code."


class LockedBySomebodyElse(Refusal):
    """Whoever locked it may have had a reason: the session that unlocks must be newer than the lock, hence by another way in."""

    status = 409
    code = "sign-in-again-to-unlock"
    vi = "Hãy đăng nhập lại bằng một cách khác rồi mới mở khoá."
    en = "Sign in again by another way before you unlock this one."


class PasskeyCopied(Refusal):
    status = 409
    code = "passkey-copied"
    vi = "Khoá truy cập này có dấu hiệu bị sao chép nên không mở lại được. Hãy báo mất để bỏ nó, và đăng ký khoá mới."
    en = "This passkey may have been copied and is not unlocked. Report it lost to have it removed, and register another."


class RecoveryNeeded(Refusal):
    """A session by one way in does not take the others away at once."""

    status = 409
    code = "recovery-needed"
    vi = "Bạn không đăng nhập bằng cách này. Hãy khoá nó ngay nếu cần, và báo mất để bỏ nó sau thời gian chờ."
    en = "You did not sign in by this one. Lock it now if need be, and report it lost to have it removed after a wait."


class OwnAccount(Refusal):
    status = 403
    code = "own-account"
    vi = "Cán bộ không tự xử lý tài khoản của chính mình hoặc của người trùng tên. Hãy nhờ cán bộ khác."
    en = "An officer does not act on their own account, or on one of the same name. Ask another officer."
