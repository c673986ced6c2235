"""What proofing says no with."""

from kit.refusal import Refusal


class WrongState(Refusal):
    status = 409
    code = "wrong-state"
    vi = "Chưa đến hoặc đã qua bước này. Bước tiếp theo là: {next}."
    en = "It is too early or too late for this step. The next step is: {next}."


class SessionOver(Refusal):
    status = 410
    code = "proofing-session-over"
    vi = "Phiên định danh đã kết thúc. Hãy bắt đầu lại từ bước chụp thẻ."
    en = "This proofing session is over. Start again with the card."


class PhotoMissing(Refusal):
    status = 422
    code = "photo-missing"
    vi = "Ảnh {field} không có nội dung. Hãy chụp lại và gửi lại."
    en = "The photo {field} is empty. Take it again and send it."


class CardAttemptsUsed(Refusal):
    status = 409
    code = "card-attempts-used"
    vi = "Đã gửi ảnh thẻ quá số lần cho phép. Hãy bắt đầu phiên mới hoặc đến bộ phận một cửa."
    en = "The card was sent too many times. Start a new session, or come to the one-stop desk."


class TooManySelfies(Refusal):
    status = 422
    code = "too-many-selfies"
    vi = "Hãy gửi từ 1 đến {most} ảnh khuôn mặt mỗi lần."
    en = "Send 1 to {most} photos of your face at a time."


class SelfieAttemptsUsed(Refusal):
    status = 409
    code = "selfie-attempts-used"
    vi = "Đã hết số lần thử ảnh khuôn mặt. Hãy mang thẻ đến bộ phận một cửa để cán bộ đối chiếu."
    en = "All attempts with a selfie are used. Bring the card to the one-stop desk, where an officer compares."


class ReplayedImage(Refusal):
    status = 422
    code = "replayed-image"
    vi = "Ảnh này đã được dùng trước đây. Hãy tự chụp một ảnh khuôn mặt mới ngay bây giờ, ở tư thế hơi khác."
    en = "This picture was used before. Take a new photo of your face now, in a slightly different position."


class FaceNotComparable(Refusal):
    status = 409
    code = "face-not-comparable"
    vi = "Ảnh trên thẻ chụp từ khi còn nhỏ hoặc đã quá lâu để máy so sánh. Hãy mang thẻ đến bộ phận một cửa để cán bộ đối chiếu."
    en = "The card's portrait was taken in childhood or too long ago for a machine. Bring the card to the one-stop desk, where an officer compares."


class FaceDoesNotMatch(Refusal):
    status = 422
    code = "face-does-not-match"
    vi = "Khuôn mặt không khớp với ảnh trên thẻ. Chủ thẻ hãy tự chụp, nhìn thẳng, đủ sáng. Còn {attempts_left} lần thử."
    en = "The face is not the one on the card. The card's owner takes the selfie, facing the light. Attempts left: {attempts_left}."


class FaceUnsure(Refusal):
    status = 422
    code = "face-unsure"
    vi = "Chưa đủ chắc chắn là cùng một người. Hãy chụp lại nơi sáng hơn hoặc đến bộ phận một cửa. Còn {attempts_left} lần thử."
    en = "It is not clear enough that this is one person. Try in better light, or come to the desk. Attempts left: {attempts_left}."


class LivenessNotConvincing(Refusal):
    """For who was `unsure` by a burst, whatever the faces came to: whether they match is not told by the way."""

    status = 422
    code = "liveness-not-convincing"
    vi = (
        "Lần kiểm tra người thật gần nhất chưa thuyết phục, nên máy không tự quyết định. Hãy làm lại bước đó rồi chụp lại, "
        "hoặc mang thẻ đến bộ phận một cửa. Còn {attempts_left} lần thử."
    )
    en = (
        "The last liveness check did not convince, so the machine does not decide alone. Do that check again and then the "
        "selfie, or bring the card to the one-stop desk. Attempts left: {attempts_left}."
    )


class LivenessOfAnother(Refusal):
    status = 422
    code = "liveness-of-another"
    vi = (
        "Chưa thấy rõ người trong lần kiểm tra người thật gần nhất là chủ thẻ, nên máy không tự quyết định. Chủ thẻ hãy làm lại "
        "bước đó rồi chụp lại, hoặc mang thẻ đến bộ phận một cửa. Còn {attempts_left} lần thử."
    )
    en = (
        "The last liveness check did not clearly show the card's owner, so the machine does not decide alone. The owner does "
        "that check again and then the selfie, or brings the card to the one-stop desk. Attempts left: {attempts_left}."
    )


class LivenessAttemptsUsed(Refusal):
    status = 409
    code = "liveness-attempts-used"
    vi = "Đã hết số lần kiểm tra người thật của phiên này. Hãy bắt đầu phiên mới hoặc đến bộ phận một cửa."
    en = "All liveness checks of this session are used. Start a new session, or come to the one-stop desk."


class NotAContact(Refusal):
    status = 422
    code = "not-a-contact"
    vi = "Hãy gửi một số điện thoại di động Việt Nam hoặc một địa chỉ thư điện tử hợp lệ, chỉ một trong hai."
    en = "Send one valid Vietnamese mobile number or one e-mail address, not both."


class WrongCode(Refusal):
    status = 422
    code = "wrong-code"
    vi = "Mã không đúng hoặc đã hết hạn. Hãy kiểm tra lại tin nhắn, hoặc yêu cầu mã mới."
    en = "The code is wrong or has expired. Check the message again, or ask for a new code."


class ReviewNotNeeded(Refusal):
    status = 409
    code = "review-not-needed"
    vi = "Máy vẫn có thể tự đối chiếu ở bước này. Hãy tiếp tục với bước: {next}."
    en = "The machine can still decide here by itself. Go on with the step: {next}."


class CheckCodeUnknown(Refusal):
    status = 404
    code = "check-code-unknown"
    vi = "Mã đối chiếu không đúng, đã dùng hoặc đã hết hạn. Công dân có thể lấy mã mới trong ứng dụng."
    en = "This check code is wrong, used or expired. The citizen can get a new one in the app."


class OwnCheck(Refusal):
    status = 403
    code = "own-check"
    vi = "Cán bộ không tự đối chiếu cho mình hoặc người trùng tên với mình. Hãy chuyển cho đồng nghiệp."
    en = "Officers do not check themselves, nor a person who bears their name. Hand this to a colleague."


class ReasonMissing(Refusal):
    status = 422
    code = "check-reason-missing"
    vi = "Hãy ghi đã đối chiếu những gì, hoặc lý do từ chối."
    en = "Write what was compared, or why it is refused."


class CardOfAnother(Refusal):
    """The same whether or not that card's owner has an account."""

    status = 409
    code = "card-of-another"
    vi = "Thẻ này không phải của chủ tài khoản đang đăng nhập. Hãy dùng thẻ của chính bạn, hoặc đăng xuất rồi bắt đầu phiên mới."
    en = "This card is not that of the account signed in. Use your own card, or sign out and start a new session."


class RegisterDisagrees(Refusal):
    status = 409
    code = "register-disagrees"
    vi = "Thông tin trên thẻ chưa được cơ sở dữ liệu dân cư xác nhận. Hãy chọn nhờ cán bộ kiểm tra và mang giấy tờ gốc đến bộ phận một cửa."
    en = "The population register does not confirm what the card says. Leave it to an officer (review) and bring your papers to the one-stop desk."


class EvidenceShort(Refusal):
    status = 409
    code = "evidence-short"
    vi = "Bằng chứng của phiên này chưa đủ để mở tài khoản. Hãy bắt đầu lại hoặc đến bộ phận một cửa."
    en = "What this session has proven is not enough for an account. Start again, or come to the one-stop desk."
