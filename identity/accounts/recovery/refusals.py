"""What recovery says no with."""

from kit.refusal import Refusal


class RecoveryUnderWay(Refusal):
    status = 409
    code = "recovery-under-way"
    vi = "Đang có một lần khôi phục chờ hoàn tất. Hãy huỷ lần đó trước, hoặc đợi đến hạn."
    en = "A recovery is waiting already. Cancel that one first, or wait for its time."


class CancellationUnknown(Refusal):
    status = 404
    code = "cancellation-unknown"
    vi = "Mã huỷ không đúng, hoặc việc khôi phục đã xong hay đã bị huỷ."
    en = "The cancellation code is wrong, or the recovery is done or cancelled already."


class CameInByLost(Refusal):
    """A way in that just worked is not lost."""

    status = 422
    code = "came-in-by-lost"
    vi = "Bạn vừa đăng nhập bằng chính cách bị báo mất. Hãy đăng nhập bằng cách khác, hoặc bỏ nó trong danh sách cách đăng nhập."
    en = "You just signed in by the way you say is lost. Sign in by another, or simply remove it."
