"""What the register says no with."""

from kit.refusal import Invalid, Refusal


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


class PersonDead(Refusal):
    status = 409
    code = "person-dead"
    vi = "{name} đã được đăng ký khai tử (số {number}, quyển {book}, {office}). Hãy đối chiếu; nếu đúng người, hãy từ chối hồ sơ."
    en = "The death of {name} is registered (number {number}, book {book}, {office}). Compare; if it is the same person, refuse the dossier."


class AlreadyMarried(Refusal):
    status = 409
    code = "already-married"
    vi = "Theo sổ, {name} đang có vợ hoặc chồng (kết hôn số {number}, quyển {book}, {office}). Hãy từ chối hồ sơ; nếu đã ly hôn, bản án phải được ghi chú vào sổ trước."
    en = "By the book {name} is married (number {number}, book {book}, {office}). Refuse the dossier; where they are divorced, the judgment must be noted in the book first."


class DeathAlreadyRegistered(Refusal):
    status = 409
    code = "death-already-registered"
    vi = "Việc khai tử của {name} đã có trong sổ (số {number}, quyển {book}, {office}). Hãy từ chối hồ sơ và hướng dẫn xin bản sao trích lục."
    en = "The death of {name} is in the book already (number {number}, book {book}, {office}). Refuse the dossier; a copy extract can be asked for."


class ParentAlreadyRegistered(Refusal):
    status = 409
    code = "parent-already-registered"
    vi = "Giấy khai sinh của {child} (số {number}, quyển {book}) đã ghi {role} là {name}. Không đăng ký nhận thêm được; thay đổi phải theo bản án của Tòa án."
    en = "The birth entry of {child} (number {number}, book {book}) names {name} as {role_en}. Nobody else can be registered beside; only a court changes it."


class EntryStillHeld(Refusal):
    status = 409
    code = "register-entry-held"
    vi = "Việc này vẫn còn trong sổ (số {number}, quyển {book}, {office}), nên không đăng ký lại. Hãy từ chối hồ sơ và hướng dẫn xin bản sao trích lục."
    en = "This stands in the books still (number {number}, book {book}, {office}), so it is not registered again. Refuse the dossier; a copy extract can be asked for."


class EntryNotFound(Refusal):
    status = 409
    code = "register-entry-not-found"
    vi = "Không tìm thấy việc hộ tịch này trong sổ của Thành phố. Hãy đối chiếu số, quyển trên giấy cũ rồi nhập lại, hoặc yêu cầu công dân bổ sung."
    en = "No such entry was found in the books of the city. Compare number and book with the old paper and state them, or ask for a supplement."


class EntryAmbiguous(Refusal):
    status = 409
    code = "register-entry-ambiguous"
    vi = "Chưa đủ để biết chắc là việc hộ tịch nào: {candidates}. Hãy nêu đúng số và quyển, hoặc yêu cầu công dân bổ sung."
    en = "It is not certain which entry is meant: {candidates}. State number and book, or ask for a supplement."


class CorrectionRefused(Invalid):
    code = "correction-refused"
    vi = "Có {count} nội dung không ghi được vào sổ như đã nêu. Hãy xem từng nội dung."
    en = "{count} points cannot be written as stated. See each one."
