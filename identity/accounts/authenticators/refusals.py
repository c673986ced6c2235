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
