"""How number plates are written: the formats, the reading that fits one, and what a Vietnamese number says. Pure.

Vietnam: Circulars 58/2020, 24/2023 and 79/2024 of the Ministry of Public Security. Province names are those under which
the numbers were issued. Elsewhere only the pattern of letters and figures is known; it decides between 0 and O.
"""

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vedette.vision.recognize.plate_signs import SIGNS

_RANGES = (
    "11 Cao Bằng|12 Lạng Sơn|14 Quảng Ninh|15 16 Hải Phòng|17 Thái Bình|18 Nam Định|19 Phú Thọ|20 Thái Nguyên|"
    "21 Yên Bái|22 Tuyên Quang|23 Hà Giang|24 Lào Cai|25 Lai Châu|26 Sơn La|27 Điện Biên|28 Hòa Bình|"
    "29 30 31 32 33 40 Hà Nội|34 Hải Dương|35 Ninh Bình|36 Thanh Hóa|37 Nghệ An|38 Hà Tĩnh|39 60 Đồng Nai|"
    "41 50 51 52 53 54 55 56 57 58 59 Thành phố Hồ Chí Minh|43 Đà Nẵng|47 Đắk Lắk|48 Đắk Nông|49 Lâm Đồng|"
    "61 Bình Dương|62 Long An|63 Tiền Giang|64 Vĩnh Long|65 Cần Thơ|66 Đồng Tháp|67 An Giang|68 Kiên Giang|"
    "69 Cà Mau|70 Tây Ninh|71 Bến Tre|72 Bà Rịa - Vũng Tàu|73 Quảng Bình|74 Quảng Trị|75 Thừa Thiên Huế|"
    "76 Quảng Ngãi|77 Bình Định|78 Phú Yên|79 Khánh Hòa|80 Cục Cảnh sát giao thông|81 Gia Lai|82 Kon Tum|"
    "83 Sóc Trăng|84 Trà Vinh|85 Ninh Thuận|86 Bình Thuận|88 Vĩnh Phúc|89 Hưng Yên|90 Hà Nam|92 Quảng Nam|"
    "93 Bình Phước|94 Bạc Liêu|95 Hậu Giang|97 Bắc Kạn|98 Bắc Giang|99 Bắc Ninh"
)
PROVINCES: dict[str, str] = {
    code: entry.lstrip("0123456789 ") for entry in _RANGES.split("|") for code in re.findall(r"\d\d", entry)
}
"""Two figures to the name of the province (or body) that issues them."""
_SERIES = "ABCDEFGHKLMNPRSTUVXYZ"
_FORMS = (
    (
        "car",
        re.compile(
            rf"(?P<province>\d\d)(?P<series>[{_SERIES}]|LD|DA|NG|NN|QT|CV|MK|KT|CD|HC|RM|TD|MD)(?P<number>\d{{4,5}})"
        ),
    ),
    (
        "motorbike",
        re.compile(rf"(?P<province>\d\d)(?P<series>[{_SERIES}]\d|[{_SERIES}]{{2}}|MD\d)(?P<number>\d{{4,5}})"),
    ),
)
_ARMY = re.compile(rf"(?P<series>[{_SERIES}]{{2}})(?P<number>\d{{4,5}})")
_FOREIGN = frozenset({"NG", "NN", "QT", "CV"})


@dataclass(frozen=True, slots=True)
class VietnamesePlate:
    """What a Vietnamese number says. `kind`: car | motorbike | army | foreign. `province` is empty for the army.

    Eight signs such as 29U27914 are a car's (29U-279.14) and an older motorbike's (29-U2 7914): `kind` is then what
    most of them are, the car.
    """

    kind: str
    province_code: str
    province: str
    series: str
    number: str

    @property
    def written(self) -> str:
        """As it stands on the plate."""
        number = f"{self.number[:3]}.{self.number[3:]}" if len(self.number) == 5 else self.number
        if self.kind == "army":
            return f"{self.series}-{self.number[:2]}-{self.number[2:]}"
        joint = "-" if self.kind == "motorbike" else ""
        return f"{self.province_code}{joint}{self.series}-{number}"


def parse_vietnamese(text: str) -> VietnamesePlate | None:
    """Reads a number of A-Z and 0-9 alone; None when it is not Vietnamese."""
    army = _ARMY.fullmatch(text)
    if army:
        return VietnamesePlate("army", "", "", army["series"], army["number"])
    for kind, form in _FORMS:
        found = form.fullmatch(text)
        if found and found["province"] in PROVINCES:
            province = PROVINCES[found["province"]]
            kind_found = "foreign" if found["series"] in _FOREIGN else kind
            return VietnamesePlate(kind_found, found["province"], province, found["series"], found["number"])
    return None


def normalise(text: str) -> str:
    """Capital letters A-Z and figures alone; Đ counts as D, as registers write it."""
    return re.sub(r"[^A-Z0-9]", "", text.upper().replace("Đ", "D"))


VIETNAMESE_FORMATS = ("00A0000", "00A00000", "00A000000", "00AA0000", "00AA00000", "00AA000000", "AA0000")
OTHER_FORMATS = (
    "AA000AA", "0A00000", "AA00AAA", "AAA0000", "AA00000", "AA000000", "0AAA000", "AA0A0A", "AAA000", "AA0000A",
    "A00AAA", "AAAA00", "AAA00000", "AAA00AA", "AA0000AA", "0000AAA", "A000AA00", "A000000", "000AAA", "0000000",
)  # fmt: skip
_ALLOWED = {
    "0": np.array([sign.isdigit() for sign in SIGNS]),
    "A": np.array([sign.isalpha() for sign in SIGNS]),
    "V": np.array([sign in _SERIES for sign in SIGNS]),
}
_VIETNAMESE_TOLERANCE, _OTHER_TOLERANCE = 5.0, 1.6
"""How much less likely (in nats) than the free reading a reading in a format may be and still be preferred."""


@dataclass(frozen=True, slots=True)
class FittedText:
    """A reading. `format`: the pattern it fits, or empty; `confidence`: 0..1 of each sign, (N,)."""

    text: str
    format: str
    confidence: NDArray[np.float32]


def fit_formats(probabilities: NDArray[np.float32]) -> FittedText:
    """Chooses the reading: the likeliest that fits a format, unless the signs plainly say something else.

    Args:
        probabilities: (N, 36) of each sign at each place.
    """
    logs = np.log(np.maximum(probabilities, 1e-6))
    places, free = np.arange(len(logs)), logs.argmax(axis=1)
    best_margin, best_format, best = 0.0, "", free
    for formats, tolerance in ((VIETNAMESE_FORMATS, _VIETNAMESE_TOLERANCE), (OTHER_FORMATS, _OTHER_TOLERANCE)):
        for pattern in formats:
            chosen = _fit(logs, pattern, vietnamese=formats is VIETNAMESE_FORMATS)
            if chosen is None:
                continue
            margin = tolerance - float((logs[places, free] - logs[places, chosen]).sum())
            if margin > best_margin:
                best_margin, best_format, best = margin, pattern, chosen
    confidence = probabilities[places, best]
    return FittedText("".join(SIGNS[int(i)] for i in best), best_format, np.asarray(confidence, np.float32))


def _fit(logs: NDArray[np.float32], pattern: str, *, vietnamese: bool) -> NDArray[np.int64] | None:
    """(N,) the likeliest signs of this pattern, None when the length differs or nothing likely is allowed."""
    if len(pattern) != len(logs):
        return None
    letters = "V" if vietnamese else "A"
    allowed = np.stack([_ALLOWED["0" if sign == "0" else letters] for sign in pattern])
    masked = np.where(allowed, logs, -np.inf)
    chosen = masked.argmax(axis=1)
    if vietnamese and pattern.startswith("00"):
        pairs = {code: float(logs[0, SIGNS.index(code[0])] + logs[1, SIGNS.index(code[1])]) for code in PROVINCES}
        code = max(pairs, key=lambda candidate: pairs[candidate])
        chosen[0], chosen[1] = SIGNS.index(code[0]), SIGNS.index(code[1])
    return np.asarray(chosen, np.int64)
