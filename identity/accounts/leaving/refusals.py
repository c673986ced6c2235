"""What requests about one's data say no with."""

from kit.refusal import Refusal


class RequestDecided(Refusal):
    status = 409
    code = "request-decided"
    vi = "Yêu cầu này đã có kết quả."
    en = "This request was decided already."


class ExtendedOnce(Refusal):
    """NĐ 356/2025/NĐ-CP allows one."""

    status = 409
    code = "extended-once"
    vi = "Yêu cầu này đã được gia hạn một lần, không gia hạn thêm được."
    en = "This request was extended once already, and is not extended again."


class TooManyRequests(Refusal):
    status = 409
    code = "too-many-data-requests"
    vi = "Bạn đang có {most} yêu cầu chờ trả lời. Hãy đợi trả lời một yêu cầu rồi gửi tiếp."
    en = "You have {most} requests waiting for an answer. Wait for an answer to one before you send another."
