"""What changes of officers say no with."""

from kit.refusal import Invalid, Refusal


class SecondPersonNeeded(Refusal):
    status = 403
    code = "second-person-needed"
    vi = "Thay đổi vai trò cần hai người: người khác với người đề nghị và người được phân công mới được duyệt."
    en = "A change of roles needs two persons: neither who proposed it nor whom it is for may decide it."


class ChangeDecided(Refusal):
    status = 409
    code = "change-decided"
    vi = "Đề nghị này đã được quyết định."
    en = "This change was decided already."


class BadAppointment(Refusal):
    status = 422
    code = "bad-appointment"
    vi = "Phân công không hợp lệ ({reason}). Hãy kiểm tra ngày, giờ ca và cơ quan."
    en = "The appointment does not hold together ({reason}). Check days, hours and office."


class BadSubstitute(Refusal):
    status = 422
    code = "bad-substitute"
    vi = "Người thay phải là cán bộ khác đang được phân công tại cùng cơ quan và không nghỉ trong thời gian đó."
    en = "The substitute must be another officer of the same office, and not away in those days."


class OperatorExists(Refusal):
    status = 409
    code = "operator-exists"
    vi = "Đã có người vận hành. Người vận hành hiện tại tạo thêm người khác qua hai người duyệt."
    en = "There is an operator already. Operators make further ones, by two persons."


class BadPerson(Invalid):
    code = "bad-person"
    vi = "Số định danh cá nhân chưa đúng. Hãy nhập lại 12 số trên thẻ của cán bộ."
    en = "This is no personal number. Enter the 12 digits on the officer's card again."
