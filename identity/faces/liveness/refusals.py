"""What liveness says no with before any frame is judged. A frame that shows no live person is no refusal but a verdict."""

from kit.refusal import Refusal


class LivenessChallengeStale(Refusal):
    status = 409
    code = "liveness-challenge-stale"
    vi = "Yêu cầu kiểm tra này đã dùng rồi hoặc đã hết hạn (2 phút). Hãy bắt đầu lại."
    en = "This check has been used already or has expired (2 minutes). Start again."


class ChallengeStoreUnavailable(Refusal):
    status = 503
    code = "liveness-unavailable"
    vi = "Tạm thời chưa kiểm tra được người thật. Hãy thử lại sau, hoặc đến bộ phận một cửa gần nhất."
    en = "Liveness cannot be checked at the moment. Try again later or go to the nearest one-stop desk."


class LivenessUnfit(Refusal):
    """The self-test did not tell a live sample from a spoof: whatever else serves, liveness does not."""

    status = 503
    code = "liveness-self-test-failed"
    vi = "Tạm thời chưa kiểm tra được người thật. Hãy thử lại sau, hoặc đến bộ phận một cửa gần nhất."
    en = "Liveness cannot be checked at the moment ({reason}). Try again later or go to the nearest one-stop desk."


class BadBurst(Refusal):
    status = 422
    code = "bad-burst"
    vi = "Cần từ {least} đến {most} ảnh JPEG liên tiếp, theo thứ tự thời gian, cùng một cỡ, cạnh ngắn từ 240 điểm ảnh, không quá 4 megapixel. Hãy quay lại từ đầu."
    en = "Between {least} and {most} JPEG frames are needed, in order of time, of one size, with 240 pixels or more on the shorter side and at most 4 megapixels. Record again from the start."
