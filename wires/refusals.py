"""What a wire says no with. Their sentences are read by the other side's program: they carry the published words."""

from kit.refusal import Refusal


class MessageMalformed(Refusal):
    status = 422
    code = "message-malformed"
    vi = "Logic xử lý không hợp lệ: thông điệp không đúng mẫu ({reason})."
    en = "This message does not have the form of the wire ({reason})."


class CaseUnknown(Refusal):
    status = 404
    code = "case-unknown"
    vi = "Hồ sơ này không có trên đường truyền này."
    en = "There is no such dossier on this wire."


class OutOfOrder(Refusal):
    status = 409
    code = "message-out-of-order"
    vi = "Chưa cập nhật: còn thiếu thông điệp trước đó (đang chờ số {expected})."
    en = "An earlier message is missing (number {expected} is waited for). Send it first."


class CaseBusy(Refusal):
    status = 409
    code = "case-busy"
    vi = "Chưa cập nhật: một thông điệp khác của hồ sơ này đang được xử lý."
    en = "Another message about this dossier is being worked on. Send this one again."


class StatusNotPossible(Refusal):
    status = 422
    code = "status-not-possible"
    vi = "Logic xử lý không hợp lệ: hồ sơ không thể chuyển từ trạng thái {before} sang {after}."
    en = "A dossier of status {before} cannot become {after}."


class MessageChanged(Refusal):
    status = 422
    code = "message-changed"
    vi = "Logic xử lý không hợp lệ: mã thông điệp này đã dùng cho một nội dung khác."
    en = "This message id was used for another content."


class MessageGone(Refusal):
    status = 409
    code = "message-gone"
    vi = "Thông điệp này không còn nằm trong danh sách gửi hỏng."
    en = "This message is no longer among those that failed."


class WireExists(Refusal):
    status = 409
    code = "wire-exists"
    vi = "Đã có đường truyền tên này, hoặc đã có đường truyền tới loại cơ quan này."
    en = "There is a wire of this name, or one to this kind of agency."


class BadWebhookAddress(Refusal):
    status = 422
    code = "bad-webhook-address"
    vi = "Địa chỉ này không dùng được: cần https, cổng 443 hoặc 8443, và một máy chủ trên Internet."
    en = "This address cannot be used ({reason}). It must be https, port 443 or 8443, on the open Internet."


class NoWebhook(Refusal):
    status = 404
    code = "no-webhook"
    vi = "Ứng dụng này chưa đăng ký địa chỉ nhận sự kiện."
    en = "This app has registered no webhook."
