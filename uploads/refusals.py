"""What is said of files that cannot be taken."""

from kit.refusal import Refusal


class EmptyFile(Refusal):
    status = 422
    code = "empty-file"
    vi = "Tệp không có nội dung. Hãy chọn lại tệp."
    en = "The file is empty. Choose it again."


class UploadTooLarge(Refusal):
    status = 413
    code = "upload-too-large"
    vi = "Tệp lớn hơn {megabytes} MB. Hãy giảm độ phân giải hoặc tách tệp rồi gửi lại."
    en = "The file is larger than {megabytes} MB. Lower its resolution or split it, then send it again."


class UnsupportedFileType(Refusal):
    status = 415
    code = "unsupported-file-type"
    vi = "Chỉ nhận tệp PDF, JPEG, PNG hoặc WebP. Hãy chuyển tệp sang một trong các dạng này."
    en = "Only PDF, JPEG, PNG and WebP files are taken. Convert the file to one of these."


class FileOfTwoKinds(Refusal):
    status = 422
    code = "file-of-two-kinds"
    vi = "Tệp chứa lẫn một loại tệp khác nên không được nhận. Hãy chụp hoặc xuất lại tệp."
    en = "The file hides a file of another kind inside, so it is not taken. Take the picture or export it again."


class PdfDamaged(Refusal):
    status = 422
    code = "pdf-damaged"
    vi = "Tệp PDF bị hỏng hoặc chưa tải lên hết. Hãy mở thử trên máy rồi gửi lại."
    en = "The PDF is damaged or incomplete. Check that it opens, then send it again."


class PdfEncrypted(Refusal):
    status = 422
    code = "pdf-encrypted"
    vi = "Tệp PDF có mật khẩu nên cán bộ không mở được. Hãy bỏ mật khẩu rồi gửi lại."
    en = "The PDF is locked with a password, so no officer could open it. Remove the password and send it again."


class PdfActiveContent(Refusal):
    status = 422
    code = "pdf-active-content"
    vi = "Tệp PDF chứa mã lệnh hoặc tệp đính kèm. Hãy in ra PDF mới rồi gửi lại."
    en = "The PDF contains scripts or attached files. Print it to a new PDF and send that."


class PdfTooManyPages(Refusal):
    status = 422
    code = "pdf-too-many-pages"
    vi = "Tệp PDF có hơn {pages} trang. Hãy tách thành nhiều tệp."
    en = "The PDF has more than {pages} pages. Split it into several files."


class NoPages(Refusal):
    status = 415
    code = "no-pages"
    vi = "Ảnh không có trang để tách. Hãy quét các giấy tờ thành một tệp PDF."
    en = "A picture has no pages to sort. Scan the papers into one PDF."


class PageUnknown(Refusal):
    status = 422
    code = "page-unknown"
    vi = "Tệp chỉ có {pages} trang, không có trang {page}."
    en = "The file has {pages} pages and no page {page}."


class PagesLeftOver(Refusal):
    """Said, so that no paper is lost unseen."""

    status = 422
    code = "pages-left-over"
    vi = "Trang {pages} chưa thuộc giấy tờ nào. Hãy ghi nốt, hoặc chọn bỏ các trang còn lại."
    en = "Pages {pages} are of no paper. Say of which, or choose to leave them out."


class StorageFull(Refusal):
    status = 507
    code = "upload-storage-full"
    vi = "Kho lưu tệp đã đầy. Tệp chưa được nhận; hãy gửi lại sau, hoặc nộp tại bộ phận một cửa."
    en = "The file store is full. The file was not taken; send it again later, or hand it in at the one-stop desk."


class UploadElsewhere(Refusal):
    status = 409
    code = "upload-in-another-dossier"
    vi = "Tệp này đã nằm trong một hồ sơ khác. Hãy tải tệp lên lại cho hồ sơ này."
    en = "This file already belongs to another dossier. Upload it again for this one."


class UploadDamaged(Refusal):
    status = 500
    code = "upload-damaged"
    vi = "Tệp lưu trữ không còn nguyên vẹn. Hãy tải tệp lên lại."
    en = "The stored file is no longer intact. Upload it again."


class FileInfected(Refusal):
    status = 422
    code = "file-infected"
    vi = "Phần mềm quét phát hiện mã độc trong tệp nên tệp không được nhận. Hãy quét máy của bạn rồi tạo lại tệp."
    en = "The scanner found something harmful in the file, so it is not taken. Scan your device, then make the file anew."


class ScannerAway(Refusal):
    status = 503
    code = "upload-scanner-unavailable"
    vi = "Hiện chưa quét được tệp nên chưa nhận. Hãy gửi lại sau một phút."
    en = "Files cannot be scanned right now, so none is taken. Send it again in a minute."


class OffsetMismatch(Refusal):
    """tus 1.0, PATCH: the offset is not the one the upload has come to."""

    status = 409
    code = "upload-offset-mismatch"
    vi = "Tệp này đã nhận đến vị trí khác. Hãy hỏi lại (HEAD) rồi gửi tiếp từ đó."
    en = "This upload has come to another offset. Ask for it (HEAD) and go on from there."


class ChecksumMismatch(Refusal):
    """tus 1.0, checksum extension."""

    status = 460
    code = "upload-checksum-mismatch"
    vi = "Dữ liệu nhận được không khớp mã kiểm tra. Hãy gửi lại phần này."
    en = "What came does not fit its checksum. Send this part again."


class UploadIncomplete(Refusal):
    status = 409
    code = "upload-incomplete"
    vi = "Tệp mới nhận được {received} trên {length} byte. Hãy gửi tiếp."
    en = "Of this upload {received} of {length} bytes have come. Go on with it."


class UploadGone(Refusal):
    status = 410
    code = "upload-gone"
    vi = "Tệp tải dở này đã quá hạn. Hãy tải lên lại từ đầu."
    en = "This unfinished upload has expired. Begin anew."


class TooManyUnfinished(Refusal):
    status = 429
    code = "too-many-unfinished-uploads"
    vi = "Bạn có {most} tệp tải dở. Hãy gửi tiếp hoặc bỏ bớt rồi thử lại."
    en = "You have {most} unfinished uploads. Go on with them or give some up, then try again."


class NotTus(Refusal):
    """tus 1.0, Core Protocol: what the request must say."""

    status = 400
    code = "bad-upload-request"
    vi = "Yêu cầu tải tệp thiếu hoặc sai tiêu đề {header}."
    en = "The upload request lacks the header {header}, or it is wrong."


class OtherTusVersion(Refusal):
    status = 412
    code = "upload-protocol-version"
    vi = "Máy chủ chỉ hiểu giao thức tải tệp tus 1.0.0 (tiêu đề Tus-Resumable)."
    en = "The server speaks tus 1.0.0 only (header Tus-Resumable)."
