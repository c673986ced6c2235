"""What the room of offices says no with."""

from kit.refusal import Refusal


class NoSuchOffice(Refusal):
    status = 404
    code = "no-such-office"
    vi = "Chưa có cơ quan {agency} nào phụ trách phường, xã mã {ward_code}. Hãy kiểm tra lại nơi nộp."
    en = "No office of {agency} serves the ward with code {ward_code}. Check where the dossier goes."


class OfficeExists(Refusal):
    status = 409
    code = "office-exists"
    vi = "Cơ quan {agency} tại phường, xã mã {ward_code} đã có."
    en = "There is an office of {agency} in the ward with code {ward_code} already."


class NotAnOfficer(Refusal):
    status = 422
    code = "not-an-officer"
    vi = "Chỉ tài khoản cán bộ mới được phân công. Hãy mở tài khoản cán bộ trước."
    en = "Only an officer's account can be appointed. Open one first."


class AlreadyAppointed(Refusal):
    status = 409
    code = "already-appointed"
    vi = "Cán bộ này đang được phân công tại một cơ quan. Hãy kết thúc phân công đó trước."
    en = "This officer holds an appointment. End it first."


class UnknownRole(Refusal):
    status = 422
    code = "unknown-role"
    vi = "Không có vai trò {role}."
    en = "There is no role {role}."
