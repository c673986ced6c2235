"""The linked software's words: which status may follow which, and what plain Vietnamese replies mean."""

import itertools

import pytest

from wires.vocabulary import may_become, meaning, told


def test_the_published_order_and_nothing_else():
    allowed = {(1, 7), (1, 3), (7, 3), (3, 2), (3, 4), (3, 5), (3, 6), (2, 3), (2, 5), (2, 6)}
    every = set(itertools.product(range(10), repeat=2))
    assert {pair for pair in every if may_become(*pair)} == allowed


@pytest.mark.parametrize(
    ("status", "text", "means"),
    [
        (200, "Tiếp nhận hồ sơ thành công", "final"),
        (200, "TIẾP NHẬN THÀNH CÔNG", "final"),
        (200, "Tiếp nhận thành công".encode().decode(), "final"),
        (200, "Hồ sơ bị từ chối vì trùng", "final"),
        (200, "Hồ sơ đã tồn tại trên hệ thống", "final"),
        (400, "Mã hồ sơ không tồn tại", "final"),
        (200, "Hồ sơ đã trả kết quả cho công dân", "final"),
        (200, "Chưa cập nhật trạng thái", "retry"),
        (200, "Server Error", "retry"),
        (200, "<soap:Fault><faultstring>x</faultstring></soap:Fault>", "retry"),
        (200, "Cập nhật không thành công", "retry"),
        (200, "Chưa thành công, vui lòng thử lại", "retry"),
        (200, "", "retry"),
        (200, "OK", "retry"),
        (500, "Tiếp nhận thành công", "retry"),
        (503, "", "retry"),
        (429, "", "retry"),
        (409, "Chưa cập nhật: còn thiếu thông điệp số 1", "retry"),
        (401, "Chữ ký không hợp lệ", "retry"),
        (200, "Logic xử lý không hợp lệ", "permanent"),
        (500, "Logic  xử lý\nkhông hợp lệ", "permanent"),
        (400, "Thiếu trường maHoSo", "permanent"),
        (404, "", "permanent"),
    ],
)
def test_what_a_reply_asks_of_the_sender(status, text, means):
    assert meaning(status, text) == means


def test_letters_written_apart_mean_the_same():
    import unicodedata

    assert meaning(200, unicodedata.normalize("NFD", "Tiếp nhận thành công")) == "final"


def test_what_an_operator_reads_of_a_reply_has_no_number_of_a_person():
    assert told("<b>Số 079303000001</b>\n lỗi") == "Số … lỗi"
    assert len(told("a" * 5000)) == 160
