"""What registering a kiosk says no with."""

from kit.refusal import Refusal


class BadKioskKey(Refusal):
    status = 422
    code = "bad-kiosk-key"
    vi = "Khoá của ki-ốt không hợp lệ: cần nửa công khai của khoá P-256 đã ký lời gọi này."
    en = "The kiosk's key does not hold: send the public half of the P-256 key that signed this call."


class UnknownKioskCode(Refusal):
    status = 404
    code = "unknown-kiosk-code"
    vi = "Không có máy nào đang hiện mã này, hoặc mã đã hết hạn. Hãy đọc lại mã trên màn hình của máy."
    en = "No machine shows this code now, or it has expired. Read the code on its screen again."
