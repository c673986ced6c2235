"""What the dossiers say no with."""

from kit.refusal import Invalid, Refusal


class RegisterContradicts(Refusal):
    """Told to the officer who typed it."""

    status = 409
    code = "register-contradicts"
    vi = "Cơ sở dữ liệu dân cư không có người nào mang số, họ tên và ngày sinh đã ghi. Hãy đối chiếu lại từng chữ, từng số với thẻ; đúng như thẻ thì đánh dấu và tiếp tục."
    en = "The population register holds no such person by number, name and birth date. Compare every letter and digit with the card; if it says so, tick that and go on."


class MandateMissing(Refusal):
    """Told to an officer, of the citizen before them."""

    status = 404
    code = "mandate-missing"
    vi = "Tài khoản của người này không ghi nhận việc đại diện, giám hộ hay uỷ quyền nào còn hiệu lực cho số đã ghi và thủ tục này."
    en = "No power to act for that number in this procedure is recorded with this person's account and stands today."


class NotFiledFor(Refusal):
    status = 409
    code = "procedure-not-filed-for"
    vi = "Thủ tục {procedure} không nộp cho người này được. Hãy chọn đúng bạn đang làm cho mình hay thay cho ai."
    en = "Procedure {procedure} is not filed for this one. Choose whether you act for yourself, and if not, for whom."


class DossierUnknown(Refusal):
    """Another person's dossier and a missing one look the same."""

    status = 404
    code = "dossier-unknown"
    vi = "Không tìm thấy hồ sơ. Hãy kiểm tra lại mã hoặc đăng nhập bằng tài khoản đã nộp."
    en = "No such dossier was found. Check the code, or sign in with the account that filed it."


class AlreadySubmitted(Refusal):
    status = 409
    code = "already-submitted"
    vi = "Hồ sơ này đã nộp, mã hồ sơ {receipt_code}. Hãy theo dõi bằng mã đó; muốn làm hồ sơ khác hãy mở hồ sơ mới."
    en = "This dossier is already submitted, receipt code {receipt_code}. Follow it by that code; open a new one to ask for more."


class VersionMissing(Refusal):
    status = 428
    code = "version-missing"
    vi = "Hãy gửi tiêu đề If-Match với phiên bản hồ sơ bạn đang xem."
    en = "Send an If-Match header with the version of the dossier you are looking at."


class Stale(Refusal):
    """`faults` name each answer that was changed elsewhere to something other than what this change says."""

    status = 412
    code = "stale"
    vi = "Hồ sơ đã thay đổi trên thiết bị khác (phiên bản hiện tại {version}). Hãy tải lại rồi sửa."
    en = "The dossier has changed elsewhere (it is at version {version}). Load it again, then repeat your change."


class NotLocked(Refusal):
    status = 409
    code = "not-locked"
    vi = "Mục {field} không bị khóa. Hãy sửa trực tiếp trong tờ khai."
    en = "The field {field} is not locked. Change it in the form itself."


class NotContested(Refusal):
    status = 404
    code = "not-contested"
    vi = "Mục {field} chưa được báo sai."
    en = "Nobody has contested the field {field}."


class FormRefused(Invalid):
    """A change that cannot be stored: locked or unknown fields, each named."""

    code = "form-refused"
    vi = "Không lưu được {count} mục. Hãy xem từng mục được nêu."
    en = "{count} fields cannot be stored. See each one named."


class NotComplete(Invalid):
    code = "dossier-incomplete"
    vi = "Hồ sơ chưa nộp được: còn {count} chỗ cần sửa hoặc bổ sung. Hãy xem từng mục được nêu."
    en = "The dossier cannot be submitted yet: {count} things are missing or wrong. See each one named."


class DocumentUnknown(Refusal):
    status = 404
    code = "document-unknown"
    vi = "Hồ sơ này không có giấy tờ loại {kind}. Hãy tải lại hồ sơ để xem các giấy tờ đang có."
    en = "This dossier has no document of the kind {kind}. Load it again to see those it has."


class DocumentNotAsked(Refusal):
    status = 422
    code = "document-not-asked"
    vi = "Thủ tục này không nhận giấy tờ loại {kind}. Các loại nhận: {known}."
    en = "This procedure takes no document of the kind {kind}. It takes: {known}."


class DocumentType(Refusal):
    status = 415
    code = "document-type"
    vi = "Giấy tờ này phải là tệp {allowed}. Hãy chụp hoặc xuất lại rồi tải lên."
    en = "This document must be one of: {allowed}. Photograph or export it again and upload that."


class BranchUnknown(Refusal):
    status = 404
    code = "branch-unknown"
    vi = "Không tìm thấy việc này trong danh sách của cơ quan. Hãy tải lại danh sách."
    en = "This piece of work is not in your office's queue. Reload the queue."


class RoleMissing(Refusal):
    status = 403
    code = "role-missing"
    vi = "Việc này dành cho cán bộ có vai trò {role}. Hãy chuyển cho đồng nghiệp phụ trách."
    en = "This work is for officers with the role {role}. Pass it to the colleague in charge."


class OwnDossier(Refusal):
    status = 403
    code = "own-dossier"
    vi = "Cán bộ không giải quyết hồ sơ của chính mình. Hãy để đồng nghiệp khác nhận."
    en = "Nobody decides a dossier of their own. Let another colleague take it."


class ClaimedByAnother(Refusal):
    status = 409
    code = "claimed-by-another"
    vi = "Đồng nghiệp khác đã nhận việc này. Hãy chọn việc khác trong danh sách."
    en = "A colleague has already taken this. Choose another from the queue."


class NotClaimed(Refusal):
    status = 409
    code = "not-claimed"
    vi = "Hãy nhận việc này trước khi quyết định."
    en = "Claim this work before deciding it."


class AlreadyDecided(Refusal):
    status = 409
    code = "already-decided"
    vi = "Việc này đã được quyết định ({state_vi}). Hãy tải lại hồ sơ."
    en = "This has already been decided ({state_en}). Reload the dossier."


class ReasonMissing(Refusal):
    status = 422
    code = "reason-missing"
    vi = "Từ chối phải nêu lý do bằng văn bản, ít nhất {least} ký tự, để công dân biết phải làm gì."
    en = "A refusal needs a written reason of at least {least} characters, so that the citizen knows what to do."


class ResultIncomplete(Invalid):
    code = "result-incomplete"
    vi = "Kết quả còn {count} mục thiếu hoặc sai. Hãy xem từng mục được nêu."
    en = "The result has {count} fields missing or wrong. See each one named."


class NoPinIssuer(Refusal):
    status = 503
    code = "no-pin-issuer"
    vi = (
        "Hệ thống chưa nối với nơi cấp số định danh cá nhân nên chưa đăng ký khai sinh được. Hãy báo quản trị hệ thống."
    )
    en = "No issuer of personal numbers is connected, so births cannot be registered. Tell the system's administrator."


class ResultUnknown(Refusal):
    status = 404
    code = "result-unknown"
    vi = "Không có kết quả này: thủ tục chưa xong hoặc đã bị từ chối. Hãy xem trạng thái hồ sơ."
    en = "There is no such result: the procedure is not finished, or was refused. See how the dossier stands."


class LookupFailed(Refusal):
    """A wrong second fact and a missing dossier get this same answer."""

    status = 404
    code = "lookup-failed"
    vi = "Không có hồ sơ nào khớp cả mã hồ sơ và ngày sinh. Hãy kiểm tra lại trên giấy hẹn, hoặc hỏi bộ phận một cửa."
    en = "No dossier fits both the receipt code and the date of birth. Check your receipt, or ask the one-stop desk."


class LiveSelfieMissing(Refusal):
    status = 422
    code = "live-selfie-missing"
    vi = "Cần quay thêm một đoạn ngắn cho thấy người thật đang đứng trước máy. Hãy bắt đầu lại, hoặc dùng mã hồ sơ in trên giấy hẹn."
    en = "A short recording that shows a live person is needed beside the photo. Start again, or use the receipt code on your receipt."


class NotLive(Refusal):
    """Each thing that spoke against it is a fault, with what to do better."""

    status = 422
    code = "not-live"
    vi = "Đoạn quay chưa cho thấy một người thật đang làm theo lời nhắc. Hãy dùng mã hồ sơ in trên giấy hẹn, hoặc hỏi bộ phận một cửa."
    en = "The recording does not show a live person doing as asked. Please use the receipt code on your receipt, or ask the one-stop desk."


class SelfieOfAnother(Refusal):
    status = 422
    code = "selfie-of-another"
    vi = "Ảnh khuôn mặt không rõ là của người trong đoạn quay. Hãy làm lại một mình, hoặc dùng mã hồ sơ in trên giấy hẹn."
    en = "The photo does not clearly show the person of the recording. Do both again alone, or use the receipt code on your receipt."


class FaceNotFound(Refusal):
    status = 404
    code = "face-not-found"
    vi = "Không tìm thấy hồ sơ bằng khuôn mặt. Hãy dùng mã hồ sơ in trên giấy hẹn."
    en = "Nothing was found by face. Please use the receipt code on your receipt."


class NotInDossier(Refusal):
    status = 404
    code = "branch-not-in-dossier"
    vi = "Hồ sơ này không có thủ tục {branch}. Hãy tải lại hồ sơ để xem các thủ tục đã nộp."
    en = "This dossier has no procedure {branch}. Load it again to see those it has."


class NothingAsked(Refusal):
    status = 422
    code = "nothing-asked"
    vi = "Hãy nêu ít nhất một mục hoặc một giấy tờ cần bổ sung."
    en = "Name at least one field or one document to be supplemented."


class BadSupplementRequest(Invalid):
    code = "supplement-request-refused"
    vi = "Yêu cầu bổ sung có {count} chỗ chưa đúng. Hãy xem từng mục được nêu."
    en = "The request for a supplement has {count} things wrong. See each one named."


class SupplementIncomplete(Invalid):
    code = "supplement-incomplete"
    vi = "Phần bổ sung còn {count} chỗ thiếu hoặc sai. Hãy xem từng mục được nêu."
    en = "The supplement has {count} things missing or wrong. See each one named."


class VersionEnded(Refusal):
    status = 409
    code = "procedure-version-ended"
    vi = "Quy định mà hồ sơ này theo đã hết hiệu lực ngày {until:%d/%m/%Y}. Hãy mở hồ sơ mới; những gì đã biết được điền sẵn."
    en = "The rules this dossier was filed under ended on {until:%d/%m/%Y}. Open a new dossier; what is known is filled in."


class CorrectedInRegister(Refusal):
    status = 409
    code = "corrected-in-register"
    vi = "Kết quả này là bản ghi của sổ hộ tịch, chỉ sửa được bằng thủ tục cải chính. Hãy hướng dẫn công dân nộp thủ tục đó."
    en = "This result is an entry of the civil register, put right by a correction of civil status only. Have the citizen file that."


class InvitationUnknown(Refusal):
    """Somebody else's invitation, one that was answered and a missing one look the same."""

    status = 404
    code = "invitation-unknown"
    vi = "Không có lời mời này, hoặc đã có câu trả lời. Hãy tải lại danh sách lời mời."
    en = "There is no such invitation, or it has been answered. Load the invitations again."


class NothingToWithdraw(Refusal):
    status = 409
    code = "nothing-to-withdraw"
    vi = "Mọi thủ tục trong hồ sơ đã kết thúc nên không còn gì để rút. Hãy tải lại hồ sơ."
    en = "Every procedure of the dossier has ended, so nothing is left to withdraw. Reload the dossier."


class TooManyListeners(Refusal):
    status = 503
    code = "too-many-listeners"
    vi = "Quá nhiều thiết bị đang theo dõi trực tiếp. Hãy tải lại trang sau ít phút."
    en = "Too many devices are following live. Poll the status instead, or try again in a minute."


class SecondOfficerNeeded(Refusal):
    status = 403
    code = "second-officer-needed"
    vi = "Từ chối cần hai người: cán bộ khác với người đề nghị mới được duyệt."
    en = "A refusal needs two persons: an officer other than who proposed it confirms it."


class NothingWaits(Refusal):
    status = 404
    code = "nothing-waits"
    vi = "Hàng chờ không còn việc nào chưa có người nhận. Hãy thử lại sau."
    en = "Nothing in the queue waits for somebody to take it. Try again later."


class WaitsForTheHead(Refusal):
    status = 403
    code = "waits-for-the-head"
    vi = "Hồ sơ này đã chuyển người đứng đầu cơ quan. Chỉ người đứng đầu nhận xử lý được."
    en = "This was passed to the head of the office, who alone can take it."


class NotAColleague(Refusal):
    status = 422
    code = "not-a-colleague"
    vi = "Người này không phải cán bộ đang làm việc tại cơ quan và đúng chuyên môn của thủ tục. Hãy chọn người khác."
    en = "This is no officer at work in the office whose roles take this procedure. Choose another."


class NotForwardedThere(Refusal):
    status = 422
    code = "not-forwarded-there"
    vi = "Chỉ chuyển được đến cơ quan khác cùng loại. Hãy chọn lại nơi nhận."
    en = "It is forwarded to another office of the same agency only. Choose another office."


class UnknownSkill(Refusal):
    status = 422
    code = "unknown-skill"
    vi = "Không có thủ tục hoặc lĩnh vực tên {skill}. Hãy dùng mã thủ tục hoặc tên lĩnh vực trong danh mục."
    en = "There is no procedure or field called {skill}. Use a procedure's code, or a field as the catalogue names it."


class NotLateYet(Refusal):
    status = 409
    code = "not-late-yet"
    vi = "Hạn {due:%H:%M %d/%m/%Y} vẫn còn. Chỉ hẹn lại khi sắp quá hạn hoặc đã quá hạn và thời hạn đang tính."
    en = "There is time until {due:%H:%M %d/%m/%Y}. A new date is set when a running promise is about to be missed, or was."


class ApologisedAlready(Refusal):
    status = 409
    code = "apologised-already"
    vi = "Hồ sơ này đã xin lỗi và hẹn lại một lần. Không hẹn lại lần nữa; hãy giải quyết ngay."
    en = "A new date was set with an apology already. It is not set again: decide now."


class NotExtendable(Refusal):
    status = 409
    code = "not-extendable"
    vi = "Thủ tục này không có thời hạn dài hơn khi cần xác minh. Hãy giải quyết đúng hẹn, hoặc xin lỗi và hẹn lại."
    en = "This procedure has no longer term for facts that must be verified. Decide in time, or apologise with a new date."


class ExtendedAlready(Refusal):
    status = 409
    code = "extended-already"
    vi = "Thủ tục này đã được gia hạn để xác minh một lần. Không gia hạn lần nữa."
    en = "The time was extended for verification already. It is extended once."


class PromisePassed(Refusal):
    status = 409
    code = "promise-passed"
    vi = "Đã quá hạn {due:%H:%M %d/%m/%Y} nên không gia hạn được nữa. Hãy xin lỗi và hẹn lại."
    en = "The promise of {due:%H:%M %d/%m/%Y} has passed, so it is not extended any more. Apologise with a new date."


class BadNewDate(Refusal):
    status = 422
    code = "bad-new-date"
    vi = "Ngày hẹn mới phải là ngày làm việc, sau hạn cũ và chậm nhất {last:%d/%m/%Y}."
    en = "The new date must be a working day, after the former one, and {last:%d/%m/%Y} at the latest."


class RatedAlready(Refusal):
    status = 409
    code = "rated-already"
    vi = "Thủ tục này đã được đánh giá. Mỗi thủ tục đánh giá một lần."
    en = "This procedure was rated already. Each is rated once."


class NothingToRate(Refusal):
    status = 409
    code = "nothing-to-rate"
    vi = "Cơ quan chưa giải quyết thủ tục này nên chưa đánh giá được. Hãy đánh giá sau khi có kết quả."
    en = "No office has decided this procedure, so there is nothing to rate yet. Rate it after the result."


class NotAStep(Refusal):
    status = 422
    code = "not-a-step"
    vi = "Thủ tục này không qua bước {step}. Các bước đã qua: {known}."
    en = "This procedure did not go through the step {step}. Its steps were: {known}."


class BadSpan(Refusal):
    status = 422
    code = "bad-span"
    vi = "Khoảng ngày không hợp lệ: ngày đầu không sau ngày cuối, và tối đa {days} ngày."
    en = "These days make no span: the first is not after the last, and {days} days at most."


class CitizenUnknown(Refusal):
    """No account under this number and birthday, and a wrong birthday, look the same."""

    status = 404
    code = "citizen-unknown"
    vi = "Không có tài khoản nào với số định danh và ngày sinh này. Hãy xem thẻ căn cước và ghi thêm họ tên, giới tính trên thẻ."
    en = "There is no account with this number and date of birth. Look at the identity card, and give the name and sex it shows too."


class BringerUnknown(Refusal):
    """Of who brings what was asked for; they filed, so they have an account."""

    status = 404
    code = "bringer-unknown"
    vi = "Không có tài khoản nào với số định danh và ngày sinh này. Hãy xem lại cả hai trên thẻ căn cước của người đã nộp hồ sơ."
    en = "There is no account with this number and date of birth. Look at both again on the identity card of whoever filed the dossier."


class LevelTooLow(Refusal):
    status = 409
    code = "citizen-level-too-low"
    vi = "Tài khoản của người dân cần định danh mức {level}. Hãy xem thẻ căn cước và ghi thêm họ tên, giới tính trên thẻ."
    en = "The citizen's account must stand at level {level}. Look at the identity card, and give the name and sex it shows too."


class ApologyUnknown(Refusal):
    status = 404
    code = "apology-unknown"
    vi = "Thủ tục này không có phiếu xin lỗi nào. Hãy xem trạng thái hồ sơ."
    en = "There is no apology for this procedure. See how the dossier stands."


class BadPages(Invalid):
    code = "pages-misread"
    vi = "Cách chia trang có {count} chỗ chưa đúng. Ghi số trang như 1-2, 5."
    en = "The sorting of pages has {count} things wrong. Give page numbers like 1-2, 5."


class CardMisread(Refusal):
    status = 422
    code = "card-misread"
    vi = "Thông tin trên thẻ ghi chưa đúng. Số định danh có 12 chữ số, hợp với giới tính và năm sinh; ngày sinh, ngày hết hạn ghi như 20/05/1992."
    en = "What the card says was not given right. The number has 12 digits and goes with sex and year of birth; days are like 20/05/1992, the last one too."


class CardExpired(Refusal):
    status = 422
    code = "card-expired"
    vi = "Thẻ đã hết hạn nên không dùng để đối chiếu được. Người dân cần đổi thẻ tại công an trước."
    en = "The card has expired, so nobody can be known by it. The citizen renews it at the police first."


class KnownOtherwise(Refusal):
    status = 409
    code = "citizen-known-otherwise"
    vi = "Số định danh này đã có tài khoản với họ tên, ngày sinh hoặc giới tính khác. Hãy xem lại thẻ; nếu ghi đúng, chuyển cán bộ định danh kiểm tra."
    en = "This number has an account with another name, birthday or sex. Look at the card again; if it was given right, have it checked by who confirms identities."


class NotOnTheirPhone(Refusal):
    status = 409
    code = "citizen-has-no-contact"
    vi = "Người dân không có điện thoại hay email để xác nhận. Hãy in tờ khai cho họ ký, rồi quét bản đã ký."
    en = "The citizen has no phone or e-mail to confirm by. Print the declaration for them to sign, and scan what they signed."


class NothingToPay(Refusal):
    status = 409
    code = "nothing-to-pay"
    vi = "Theo bảng phí, hồ sơ này không phải nộp phí ({reason}). Hãy giải quyết tiếp."
    en = "By the table of fees nothing is to be paid here ({reason_en}). Go on with it."


class FeeExempt(Refusal):
    status = 409
    code = "fee-exempt"
    vi = "Người này không phải nộp ({reason}). Hãy ghi miễn phí với lý do ấy, rồi giải quyết tiếp."
    en = "This person pays nothing ({reason_en}). Waive the fee for that reason, and go on."


class FeeUnpaid(Refusal):
    status = 409
    code = "fee-unpaid"
    vi = "Hồ sơ chưa nộp {amount} đồng ({reason}). Hãy yêu cầu nộp, hoặc ghi lý do miễn, rồi mới duyệt."
    en = (
        "A fee of {amount} VND is not paid ({reason_en}). Ask for payment, or waive it with a reason, and approve then."
    )


class NoPaymentProvider(Refusal):
    status = 503
    code = "no-payment-provider"
    vi = "Hệ thống chưa nối với cổng thanh toán nên chưa nhận được tiền. Hãy hỏi bộ phận một cửa."
    en = "No payment provider is connected, so no money can be taken. Ask the one-stop desk."


class SupplementUnknown(Refusal):
    status = 404
    code = "supplement-unknown"
    vi = "Thủ tục này không có phiếu yêu cầu bổ sung nào. Hãy xem trạng thái hồ sơ."
    en = "No supplement was asked for in this procedure. See how the dossier stands."


class PaymentUnknown(Refusal):
    status = 404
    code = "payment-unknown"
    vi = "Không có khoản phí này. Hãy tải lại hồ sơ."
    en = "There is no such fee. Reload the dossier."


class PaidOtherwise(Refusal):
    """Money that came twice, or one payment told of two fees: never taken for the same, never lost without a word."""

    status = 409
    code = "paid-otherwise"
    vi = "Khoản phí này hoặc giao dịch này đã được ghi nhận khác. Chưa ghi nhận lần này; hãy đối soát và hoàn lại qua cổng thanh toán."
    en = "This fee or this payment is recorded otherwise. Nothing was recorded now; reconcile with the provider and have it given back."


class PaymentDiffers(Refusal):
    status = 409
    code = "payment-differs"
    vi = "Số tiền được báo là {paid} đồng, khoản phí là {amount} đồng. Chưa ghi nhận; hãy đối soát với cổng thanh toán."
    en = (
        "{paid} VND were reported where {amount} VND were asked for. Nothing was recorded; reconcile with the provider."
    )


class NothingPrepared(Refusal):
    status = 404
    code = "supplement-not-prepared"
    vi = "Chưa quầy nào điền giúp phần bổ sung này. Bạn có thể tự bổ sung."
    en = "No counter has filled in this supplement. You can give it yourself."
