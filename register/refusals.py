"""What the register says no with."""

from kit.refusal import Refusal


class NotTheRegistrar(Refusal):
    status = 403
    code = "not-the-registrar"
    vi = "Chỉ công chức hộ tịch của chính cơ quan đăng ký mới ghi được vào sổ. Hãy chuyển hồ sơ cho cơ quan đó."
    en = "Only a civil-status officer of the registering office writes in its book. Hand the dossier to that office."


class PinTaken(Refusal):
    status = 409
    code = "pin-already-registered"
    vi = "Số định danh {pin} đã có trong sổ đăng ký khai sinh. Hãy xin cấp số khác."
    en = "The personal number {pin} already stands in a birth register. Ask for another number."


class NotificationUsed(Refusal):
    status = 409
    code = "birth-notification-used"
    vi = "Giấy chứng sinh {number} đã dùng để đăng ký khai sinh số {entry_number}, quyển {book}. Hãy đối chiếu với giấy; nếu đúng số ấy, hãy từ chối hồ sơ."
    en = "Birth notification {number} was already used (entry {entry_number}, book {book}). Compare it with the paper; if the number is right, refuse the dossier."


class BirthAlreadyRegistered(Refusal):
    status = 409
    code = "birth-already-registered"
    vi = (
        "Trẻ cùng mẹ, cùng tên, cùng ngày sinh đã được đăng ký khai sinh."
        " Hãy từ chối hồ sơ này; nếu là sinh đôi, nêu lý do để gia đình nộp lại có ghi thứ tự sinh."
    )
    en = (
        "A child of this mother with this name and birthday is already registered."
        " Refuse this dossier; if they are twins, say why, so that the family files again with the order of birth."
    )


class BookClosed(Refusal):
    status = 409
    code = "register-book-closed"
    vi = "Sổ năm {year} của cơ quan này đã khóa. Việc đăng ký mới phải ghi vào sổ của năm hiện tại."
    en = "This office's book of {year} is closed. A new registration goes into the book of the present year."


class PlaceTaken(Refusal):
    status = 409
    code = "register-number-taken"
    vi = "Số {number}, quyển {book} đã có người. Hãy kiểm tra lại sổ gốc."
    en = "Number {number} of book {book} is already taken. Check the original book."


class EntryUnknown(Refusal):
    status = 404
    code = "register-entry-unknown"
    vi = "Không có việc hộ tịch này trong sổ. Hãy kiểm tra lại mã."
    en = "There is no such entry in the register. Check its id."
