"""What partners and operators are told no with."""

from kit.refusal import Refusal


class ApplicationWaits(Refusal):
    status = 409
    code = "application-waits"
    vi = "Đơn trước của ứng dụng này đang chờ duyệt. Hãy đợi kết quả rồi gửi đơn mới."
    en = "An application about this client waits for a decision. Wait for it, then ask again."


class ApplicationDecided(Refusal):
    status = 409
    code = "application-decided"
    vi = "Đơn này đã có kết quả."
    en = "This application was decided already."


class OwnApplication(Refusal):
    status = 403
    code = "own-application"
    vi = "Bạn không được duyệt đơn của chính mình."
    en = "You may not decide your own application."


class OnlyRepresentatives(Refusal):
    status = 403
    code = "only-representatives"
    vi = "Chỉ người đại diện của doanh nghiệp mới quản lý ứng dụng của doanh nghiệp."
    en = "Only who represents an enterprise looks after its apps."


class NotForPartners(Refusal):
    status = 422
    code = "scope-not-for-partners"
    vi = "Ứng dụng của đối tác không được xin quyền {scope}."
    en = "A partner's app may not ask for the scope {scope}."


class TooManyClients(Refusal):
    status = 409
    code = "too-many-clients"
    vi = "Mỗi tài khoản có nhiều nhất {most} ứng dụng."
    en = "An account has at most {most} clients."
