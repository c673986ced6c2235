"""What passkeys say no with. One body for every reason: which check failed is for the log, not for who is guessing."""

from kit.refusal import Refusal


class PasskeyNotAccepted(Refusal):
    status = 422
    code = "passkey-not-accepted"
    vi = "Không nhận được khoá truy cập (passkey) này. Hãy thử lại, hoặc đăng nhập bằng mã một lần."
    en = "This passkey was not accepted. Try again, or sign in with a one-time code."


class CeremonyOver(Refusal):
    status = 410
    code = "passkey-ceremony-over"
    vi = "Lần xác thực bằng khoá truy cập này đã hết hạn hoặc đã dùng. Hãy bắt đầu lại."
    en = "This passkey ceremony has expired or was answered already. Begin again."


class PasskeyExists(Refusal):
    status = 409
    code = "passkey-exists"
    vi = "Khoá truy cập (passkey) này đã được đăng ký."
    en = "This passkey is registered already."


class TooManyPasskeys(Refusal):
    status = 409
    code = "too-many-passkeys"
    vi = "Tài khoản đã có {most} khoá truy cập. Hãy xoá bớt một khoá cũ."
    en = "The account has {most} passkeys. Remove an old one first."
