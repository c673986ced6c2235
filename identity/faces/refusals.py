"""What the faces room says no with. Each sentence about a photo is the tip for taking a better one."""

from kit.refusal import Refusal


class NoFace(Refusal):
    status = 422
    code = "no-face"
    vi = "Không thấy khuôn mặt trong ảnh. Hãy nhìn thẳng vào máy ảnh, để khuôn mặt chiếm khoảng nửa khung hình."
    en = "No face was found in the photo. Look straight into the camera and let your face fill about half the frame."


class MultipleFaces(Refusal):
    status = 422
    code = "multiple-faces"
    vi = "Trong ảnh có nhiều hơn một khuôn mặt. Hãy chụp lại khi chỉ có một mình bạn trong khung hình."
    en = "There is more than one face in the photo. Take it again with only yourself in the frame."


class FaceTooSmall(Refusal):
    status = 422
    code = "face-too-small"
    vi = "Khuôn mặt quá nhỏ trong ảnh. Hãy đưa máy ảnh lại gần hơn."
    en = "Your face is too small in the photo. Bring the camera closer."


class FaceCutOff(Refusal):
    status = 422
    code = "face-cut-off"
    vi = "Khuôn mặt bị cắt ở mép ảnh. Hãy đưa cả khuôn mặt vào giữa khung hình."
    en = "Your face is cut off at the edge of the photo. Bring the whole face into the middle of the frame."


class FaceTooDark(Refusal):
    status = 422
    code = "face-too-dark"
    vi = "Khuôn mặt quá tối. Hãy quay mặt về phía cửa sổ hoặc đèn rồi chụp lại."
    en = "Your face is too dark. Turn towards a window or a lamp and take the photo again."


class FaceOverexposed(Refusal):
    status = 422
    code = "face-overexposed"
    vi = "Khuôn mặt bị cháy sáng. Hãy tránh nắng gắt và tắt đèn flash rồi chụp lại."
    en = "Your face is overexposed. Step out of direct sun, turn the flash off and take the photo again."


class FaceBlurred(Refusal):
    status = 422
    code = "face-blurred"
    vi = "Khuôn mặt bị nhòe. Hãy lau ống kính, giữ chắc máy và chụp lại."
    en = "Your face is blurred. Wipe the lens, hold the camera still and take the photo again."


class FacePose(Refusal):
    status = 422
    code = "face-pose"
    vi = "Khuôn mặt đang quay sang bên, ngửa lên hoặc cúi xuống. Hãy giữ máy ngang tầm mắt và nhìn thẳng vào máy ảnh."
    en = "Your face is turned to the side, up or down. Hold the camera at eye level and look straight into it."


class EyesClosed(Refusal):
    status = 422
    code = "eyes-closed"
    vi = "Hai mắt đang nhắm. Hãy mở mắt, nhìn vào máy ảnh rồi chụp lại."
    en = "Your eyes are closed. Open them, look into the camera and take the photo again."


class FaceOccluded(Refusal):
    status = 422
    code = "face-occluded"
    vi = (
        "Khẩu trang, kính râm hoặc vật khác đang che mặt. Hãy bỏ ra rồi chụp lại; kính trong và khăn đội đầu không sao."
    )
    en = "A mask, dark glasses or something else covers your face. Take it off and take the photo again; clear glasses and a headscarf may stay."


class SameImageAsCard(Refusal):
    status = 422
    code = "same-image-as-card"
    vi = "Ảnh này chính là ảnh trên thẻ. Hãy tự chụp một ảnh khuôn mặt mới ngay bây giờ."
    en = "This is the picture on the card itself. Take a new photo of your face now."


class SelfiesOfSeveral(Refusal):
    status = 422
    code = "selfies-of-several"
    vi = "Các ảnh gửi lên không phải của cùng một người. Chủ thẻ hãy tự chụp liên tiếp, chỉ một mình trong khung hình."
    en = "The photos do not show one and the same person. The card's owner takes them one after the other, alone in the frame."


class NoFaceOnCard(Refusal):
    status = 422
    code = "no-face-on-card"
    vi = "Không thấy rõ ảnh chân dung trên thẻ. Hãy chụp lại mặt trước của thẻ, đủ sáng và không bị lóa."
    en = "The portrait on the card cannot be seen. Photograph the card's front again, in good light and without glare."


class CardFaceTooSmall(Refusal):
    status = 422
    code = "card-face-too-small"
    vi = "Ảnh chân dung trên thẻ quá nhỏ. Hãy chụp lại thẻ thật gần, để thẻ đầy khung hình."
    en = "The portrait on the card is too small. Photograph the card again close up, so that it fills the frame."


class FaceModelsUnavailable(Refusal):
    status = 503
    code = "face-models-unavailable"
    vi = "Tạm thời chưa so sánh được khuôn mặt. Hãy thử lại sau, hoặc đến bộ phận một cửa gần nhất."
    en = "Faces cannot be compared at the moment ({reason}). Try again later or go to the nearest one-stop desk."


class FaceConsentMissing(Refusal):
    status = 422
    code = "face-consent-missing"
    vi = "Cần sự đồng ý rõ ràng của bạn. Nếu bạn đồng ý, hãy gửi consent={purpose}: “{words_vi}”"
    en = "This needs your explicit consent. If you agree, send consent={purpose}: “{words_en}”"


class FaceNotEnrolled(Refusal):
    status = 409
    code = "face-not-enrolled"
    vi = "Chưa lưu khuôn mặt của bạn. Hãy đồng ý tra cứu hồ sơ bằng khuôn mặt trước, rồi làm lại bước này."
    en = "Your face is not kept here. Allow finding your dossiers by face first, then do this again."


class BadFaceCollection(Refusal):
    status = 422
    code = "bad-face-collection"
    vi = "Không đo được từ thư mục ảnh này. Hãy kiểm tra thư mục và các tệp trong đó."
    en = "Nothing can be measured from these photos: {reason}."


class TooFewPeople(Refusal):
    status = 422
    code = "too-few-people"
    vi = (
        "Chưa chứng minh được tỷ lệ nhận nhầm {rate}: mới có {people} người. Cần thêm khoảng {more} người nữa; "
        "chưa ghi tệp hiệu chuẩn nào."
    )
    en = (
        "A false match rate of {rate} cannot be shown with {people} people{reason}. About {more} more people are needed; "
        "no calibration was written."
    )
