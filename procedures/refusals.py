"""What the catalogue says no with."""

from kit.refusal import Refusal


class UnknownProcedure(Refusal):
    status = 404
    code = "unknown-procedure"
    vi = "Không có thủ tục {procedure}. Hãy tìm thủ tục theo tên."
    en = "There is no procedure {procedure}. Search for it by name."


class NotInForce(Refusal):
    status = 409
    code = "procedure-not-in-force"
    vi = "Thủ tục {procedure} không có hiệu lực vào ngày {on:%d/%m/%Y}. Hãy tìm thủ tục thay thế theo tên."
    en = "Procedure {procedure} is not in force on {on:%d/%m/%Y}. Search by name for the one that replaced it."


class UnknownCodeList(Refusal):
    status = 404
    code = "unknown-code-list"
    vi = "Không có danh mục {name}."
    en = "There is no code list {name}."


class UnknownLifeEvent(Refusal):
    status = 404
    code = "unknown-life-event"
    vi = "Không có tình huống {key}. Hãy xem danh sách tình huống."
    en = "There is no life event {key}. See the list of them."


class BadChoice(Refusal):
    status = 422
    code = "bad-branch-choice"
    vi = "Không thể chọn các thủ tục này cùng nhau. Bắt buộc có: {required}; ít nhất {minimum} thủ tục trong: {known}."
    en = "These procedures cannot be chosen together. Required: {required}; at least {minimum} of: {known}."


class ActionNotAllowed(Refusal):
    status = 409
    code = "action-not-allowed"
    vi = "Không thể thực hiện “{action}” khi hồ sơ đang ở trạng thái “{state}”. Hãy tải lại hồ sơ."
    en = "“{action}” cannot be done while the branch is “{state}”. Reload the dossier."


class NeedsFirst(Refusal):
    status = 409
    code = "needs-first"
    vi = "Thủ tục này chỉ bắt đầu lại được khi thủ tục “{branch}” đã giải quyết xong. Hãy nộp lại thủ tục đó trước."
    en = "This can only be taken up again once “{branch}” has been approved. File that one again first."


class FeeNotKnown(Refusal):
    status = 409
    code = "fee-not-known"
    vi = "Chưa có mức phí của thủ tục {procedure} cho cách nộp này. Hãy hỏi bộ phận một cửa hoặc nộp trực tuyến."
    en = "No fee is known for procedure {procedure} filed this way. Ask the one-stop desk, or file online."
