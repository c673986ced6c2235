"""What the post office says no with."""

from kit.refusal import Refusal


class NoWayToReach(Refusal):
    status = 503
    code = "no-channel"
    vi = "Hệ thống chưa gửi được tin qua kênh này. Hãy dùng số điện thoại hoặc email khác, hoặc đến bộ phận một cửa."
    en = "Messages cannot be sent this way here. Give another phone number or e-mail, or come to the one-stop desk."
