"""What the post office says no with."""

from kit.refusal import Refusal


class NoWayToReach(Refusal):
    status = 503
    code = "no-channel"
    vi = "Hệ thống chưa gửi được tin qua kênh này. Hãy dùng số điện thoại hoặc email khác, hoặc đến bộ phận một cửa."
    en = "Messages cannot be sent this way here. Give another phone number or e-mail, or come to the one-stop desk."


class BadPreferences(Refusal):
    status = 422
    code = "bad-preferences"
    vi = "Mỗi kênh chỉ nêu một lần, và giờ yên lặng phải có cả lúc bắt đầu lẫn lúc kết thúc."
    en = "Name each way once, and give both ends of the quiet hours or neither."


class LetterGone(Refusal):
    status = 409
    code = "letter-gone"
    vi = "Tin này không còn chờ gửi lại: đã được gửi, hoặc địa chỉ nhận đã bị xoá."
    en = "This letter cannot be sent again: it was sent, or its address has been forgotten."
