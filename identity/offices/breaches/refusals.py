"""What the register of breaches says no with."""

from kit.refusal import Refusal


class KnownInFuture(Refusal):
    status = 422
    code = "known-in-future"
    vi = "Thời điểm phát hiện không thể ở tương lai. Hãy kiểm tra lại ngày giờ."
    en = "A breach cannot be known in the future. Check day and time."


class BreachNotReady(Refusal):
    status = 409
    code = "breach-not-ready"
    vi = "Vụ việc đã ở bước này, hoặc chưa thông báo cho cơ quan chuyên trách nên chưa đóng được."
    en = "The breach is past this step, or cannot be closed before the authority was told."
