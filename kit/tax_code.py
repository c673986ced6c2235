"""The ten-digit number of an enterprise (mã số doanh nghiệp, which is its mã số thuế): two digits of the province, seven in series, one check digit.

No published law was found that states the check digit; the rule is that of `stdnum.vn.mst` (assumption). The thirteen digits of a branch and
the personal number of a household business are no enterprise's.
"""

import re

from kit.refusal import Fault, fault

_SHAPE = re.compile(r"[0-9]{10}", re.ASCII)
_WEIGHTS = (31, 29, 23, 19, 17, 13, 7, 5, 3)


def is_enterprise_number(number: str) -> bool:
    """Whether an enterprise could bear it: the check digit fits, and the series is not all zeros."""
    if not _SHAPE.fullmatch(number) or number[2:9] == "0000000":
        return False
    weighed = sum(int(digit) * weight for digit, weight in zip(number, _WEIGHTS, strict=False))
    # Where the rule gives ten there is no digit for it, so no such number is given out.
    return 10 - weighed % 11 == int(number[9])


def faults(number: str, *, field: str = "number") -> list[Fault]:
    """What is wrong with a number as typed."""
    if is_enterprise_number(number):
        return []
    return [
        fault(
            field,
            "enterprise-number",
            "Mã số doanh nghiệp có 10 chữ số và chữ số cuối là số kiểm tra. Hãy xem lại giấy chứng nhận đăng ký.",
            "An enterprise's number has 10 digits, the last a check digit. Look at the certificate of registration again.",
        )
    ]
