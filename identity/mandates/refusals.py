"""What the room of mandates says no with."""

from kit.refusal import Invalid, Refusal


class MandateUnknown(Refusal):
    """Another's mandate and a missing one look the same."""

    status = 404
    code = "mandate-unknown"
    vi = "Không tìm thấy uỷ quyền này. Hãy xem lại bạn đang hành động thay cho ai."
    en = "There is no such mandate. Look again on whose behalf you act."


class MandateNotStanding(Refusal):
    """Told to its holder alone."""

    status = 403
    code = "mandate-not-standing"
    vi = "Uỷ quyền này chưa bắt đầu, đã chấm dứt hoặc đang tạm ngưng, nên bạn không thể hành động thay."
    en = "This mandate has not begun, has ended or rests, so you cannot act under it."


class MandateDoesNotCover(Refusal):
    status = 403
    code = "mandate-does-not-cover"
    vi = "Uỷ quyền này không bao gồm việc bạn định làm. Hãy hỏi người đại diện đã uỷ quyền cho bạn."
    en = "This mandate does not cover what you are about to do. Ask the representative who gave it."


class EnterpriseNumberWrong(Invalid):
    code = "enterprise-number-wrong"
    vi = "Mã số doanh nghiệp chưa đúng ({count} chỗ cần sửa)."
    en = "The enterprise's number is not right ({count} things to correct)."


class EnterpriseNameDiffers(Refusal):
    """One number is one enterprise; its name changes at the business register."""

    status = 409
    code = "enterprise-name-differs"
    vi = "Doanh nghiệp mang mã số này có tên khác trên hệ thống. Hãy nhập đúng tên trên giấy chứng nhận hoặc đến quầy một cửa."
    en = "The enterprise with this number has another name here. Type the name on the certificate, or come to a service desk."


class AlreadyRepresented(Refusal):
    status = 409
    code = "already-represents"
    vi = "Người này đang là người đại diện của doanh nghiệp."
    en = "This person represents the enterprise already."


class AlreadyHeld(Refusal):
    status = 409
    code = "mandate-already-held"
    vi = "Người này đang có uỷ quyền như vậy. Hãy thu hẹp hoặc chấm dứt uỷ quyền đó trước."
    en = "This person holds such a mandate. Narrow it or end it first."


class NoSuchDelegate(Refusal):
    """Nobody, another name, too low a level: alike, so that nobody's number is tried out."""

    status = 422
    code = "no-such-delegate"
    vi = "Không có tài khoản định danh mức 2 nào mang số và họ tên này. Người được uỷ quyền cần xác thực tài khoản trước."
    en = "No account at level 2 bears this number and name. The delegate must be verified first."


class LastRepresentative(Refusal):
    status = 409
    code = "last-representative"
    vi = (
        "Bạn là người đại diện cuối cùng của {enterprise}. Hãy để người kế nhiệm xác nhận tư cách đại diện trước,"
        " đóng tài khoản doanh nghiệp, hoặc đến quầy một cửa."
    )
    en = (
        "You are the last representative of {enterprise}. Let a successor be confirmed first, close the enterprise's"
        " account, or come to a service desk."
    )


class OnlyNarrower(Refusal):
    status = 409
    code = "mandate-only-narrows"
    vi = "Uỷ quyền chỉ thu hẹp được. Muốn mở rộng, hãy chấm dứt rồi uỷ quyền lại."
    en = "A mandate can only become narrower. To widen it, end it and give another."


class BadTerm(Refusal):
    status = 422
    code = "bad-mandate-term"
    vi = "Ngày bắt đầu và ngày kết thúc chưa hợp lý: không được ở quá khứ, và ngày kết thúc không trước ngày bắt đầu."
    en = "The first and last day do not fit: neither may be past, and the last may not come before the first."


class MandateChanged(Refusal):
    status = 409
    code = "mandate-changed"
    vi = "Uỷ quyền đã thay đổi (phiên bản hiện tại {version}). Hãy tải lại rồi làm tiếp."
    en = "The mandate has changed (it is at version {version}). Load it again, then go on."


class ClaimDecided(Refusal):
    status = 409
    code = "claim-decided"
    vi = "Yêu cầu này đã có kết quả."
    en = "This claim was decided already."


class NoSuchChild(Refusal):
    """No entry, another's child, a child of age, a dead one: alike."""

    status = 404
    code = "no-such-child"
    vi = (
        "Sổ hộ tịch của Thành phố không có mục khai sinh nào ghi bạn là cha hoặc mẹ của trẻ mang số này."
        " Hãy mang giấy tờ đến quầy một cửa để cán bộ ghi nhận."
    )
    en = (
        "No birth entry of this city names you as a parent of a child with this number."
        " Bring your papers to a service desk, where an officer can record it."
    )


class BirthdayNotWhole(Refusal):
    """A day is never guessed: an officer states when it ends."""

    status = 409
    code = "birthday-not-whole"
    vi = "Ngày sinh trên sổ không đủ ngày, tháng, năm nên không tính được tuổi. Cán bộ cần ghi rõ ngày kết thúc."
    en = "The date of birth on record lacks day or month, so no age can be told. An officer must state when the mandate ends."


class OfAge(Refusal):
    status = 422
    code = "of-age"
    vi = "Người này đã đủ 18 tuổi. Chỉ quyết định của Toà án mới lập được giám hộ cho người thành niên."
    en = "This person is of age. For an adult only a court's decision makes a guardian."


class CourtDecisionNeeded(Refusal):
    status = 422
    code = "court-decision-needed"
    vi = "Giám hộ cho người thành niên cần quyết định của Toà án."
    en = "Guardianship of an adult needs a court's decision."


class WardDiffers(Refusal):
    """The number is known here with other particulars."""

    status = 409
    code = "ward-differs"
    vi = "Số định danh của người được giám hộ đã ghi nhận với thông tin khác, hoặc không khớp ngày sinh, giới tính. Hãy kiểm tra giấy tờ."
    en = "The ward's number is on record with other particulars, or does not fit date of birth and sex. Check the papers."


class EnterpriseLocked(Refusal):
    status = 409
    code = "enterprise-locked"
    vi = "Tài khoản của doanh nghiệp này đang bị khoá."
    en = "This enterprise's account is locked already."


class EnterpriseNotLocked(Refusal):
    status = 409
    code = "enterprise-not-locked"
    vi = "Tài khoản của doanh nghiệp này không bị khoá."
    en = "This enterprise's account is not locked."
