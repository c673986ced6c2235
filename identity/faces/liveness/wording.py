"""What the person is told about each cue: what to do, never how far from the line it was."""

from typing import Final

from identity.faces.liveness.policy import Code
from kit.refusal import Words

TIPS: Final[dict[Code, Words]] = {
    "frames-missing": Words(
        vi="Một phần đoạn quay bị thiếu. Hãy giữ ứng dụng mở cho đến khi xong rồi thử lại.",
        en="Part of the recording is missing. Keep the app open until it is finished and try again.",
    ),
    "face-unclear": Words(
        vi="Không thấy rõ khuôn mặt suốt đoạn quay. Hãy để cả khuôn mặt trong khung và đừng quay quá xa.",
        en="Your face was not clear all the time. Keep the whole face in the frame and do not turn too far.",
    ),
    "several-faces": Words(
        vi="Có nhiều hơn một khuôn mặt. Hãy quay lại khi chỉ có một mình bạn trong khung hình.",
        en="There was more than one face. Record again with only yourself in the frame.",
    ),
    "not-ahead": Words(
        vi="Hãy nhìn thẳng vào màn hình lúc bắt đầu, rồi mới làm theo lời nhắc.",
        en="Look straight at the screen at the start, and only then follow what you are asked.",
    ),
    "step-missed": Words(
        vi="Chưa thấy bạn làm theo lời nhắc: “{step_vi}” Hãy làm rõ hơn, ngay khi được nhắc.",
        en="This was not seen: “{step_en}” Do it more clearly, as soon as you are asked.",
    ),
    "step-unasked": Words(
        vi="Có cử động không được yêu cầu. Hãy chỉ làm từng việc khi được nhắc.",
        en="There was a movement nobody asked for. Do only what you are asked, one thing at a time.",
    ),
    "another-person": Words(
        vi="Khuôn mặt thay đổi trong lúc quay. Một người phải quay từ đầu đến cuối, không che mặt.",
        en="The face changed during the recording. One person has to be seen from start to end, uncovered.",
    ),
    "moves-flat": Words(
        vi="Khuôn mặt cử động như một tấm phẳng. Hãy quay chính khuôn mặt bạn, không quay ảnh in hoặc màn hình.",
        en="The face moved like something flat. Record your own face, not a print or a screen.",
    ),
    "frames-repeated": Words(
        vi="Các ảnh trong đoạn quay bị lặp lại. Hãy quay trực tiếp bằng máy ảnh của điện thoại.",
        en="Frames of the recording repeat. Record directly with the phone's camera.",
    ),
    "frames-still": Words(
        vi="Hình đứng yên như ảnh chụp sẵn. Hãy cầm điện thoại trên tay và quay trực tiếp.",
        en="The picture stood still like a photo taken before. Hold the phone in your hand and record live.",
    ),
    "screen-grid": Words(
        vi="Có vẻ như máy đang quay một màn hình. Hãy quay chính khuôn mặt bạn.",
        en="It looks as if a screen was recorded. Record your own face.",
    ),
    "light-unanswered": Words(
        vi="Không thấy ánh sáng màn hình trên khuôn mặt. Hãy vào chỗ ít sáng hơn, tăng độ sáng màn hình, đưa máy lại gần.",
        en="The screen's light was not seen on your face. Go where it is less bright, turn up the screen and come closer.",
    ),
    "light-flat": Words(
        vi="Ánh sáng màn hình chiếu đều lên cả nền phía sau. Hãy đứng xa tường hơn và quay chính khuôn mặt bạn.",
        en="The screen lit what is behind you as much as your face. Move away from the wall and record your own face.",
    ),
}
