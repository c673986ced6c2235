"""What the room of accounts says no with."""

from kit.refusal import Refusal


class ContactInUse(Refusal):
    status = 409
    code = "contact-in-use"
    vi = "Số điện thoại hoặc thư điện tử này đang dùng cho tài khoản của người khác. Hãy dùng số khác hoặc đến quầy một cửa."
    en = "This phone or address signs in somebody else's account. Use another one, or come to a service desk."


class AccountHasOtherContact(Refusal):
    """A card and a face alone must not add a new way into an account that exists."""

    status = 409
    code = "account-has-other-contact"
    vi = "Bạn đã có tài khoản với số điện thoại hoặc thư khác ({masked}). Hãy đăng nhập bằng số đó, hoặc đến quầy một cửa để đổi."
    en = "You have an account with another phone or address ({masked}). Sign in with that, or change it at a service desk."


class IdentityConflict(Refusal):
    status = 409
    code = "identity-conflict"
    vi = (
        "Số định danh này đã có tài khoản với thông tin khác. Hãy mang giấy tờ gốc đến quầy một cửa để cán bộ kiểm tra."
    )
    en = "An account under this personal number holds other particulars. Bring your papers to a service desk to have them checked."


class SignInOver(Refusal):
    status = 410
    code = "sign-in-over"
    vi = "Lần đăng nhập này đã hết hạn hoặc đã nhập sai quá nhiều lần. Hãy xin mã mới."
    en = "This sign-in has ended, expired or seen too many wrong codes. Ask for a new code."


class WrongCode(Refusal):
    status = 422
    code = "wrong-sign-in-code"
    vi = "Mã không đúng. Bạn còn {left} lần thử."
    en = "The code is wrong. {left} tries are left."


class BadLogin(Refusal):
    status = 422
    code = "bad-login"
    vi = "Hãy nhập số điện thoại di động Việt Nam hoặc địa chỉ thư điện tử."
    en = "Enter a Vietnamese mobile number or an e-mail address."


class BadName(Refusal):
    status = 422
    code = "bad-name"
    vi = "Hãy đặt một tên có ít nhất một chữ."
    en = "Give a name of at least one letter."


class SignInTooOld(Refusal):
    """RFC 9470 §3: the token is good, but the person showed who they are too long ago."""

    status = 401
    code = "sign-in-too-old"
    vi = "Việc này cần bạn vừa đăng nhập trong {minutes} phút qua. Hãy đăng nhập lại."
    en = "This needs a sign-in within the last {minutes} minutes. Sign in again."


class BadClaims(Refusal):
    """The caller's evidence lacks what an account stands on."""

    status = 422
    code = "bad-claims"
    vi = "Chưa đủ thông tin đã xác minh để mở tài khoản: {missing}. Hãy chụp lại thẻ."
    en = "What was verified does not suffice for an account: {missing}. Photograph the card again."
