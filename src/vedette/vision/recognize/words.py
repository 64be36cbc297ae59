"""What is known of an object in a few words, for pictures and videos: only what was seen, never what was not. Pure."""

from collections.abc import Mapping

from vedette.core.objects import UNKNOWN, AttributeValue, ObjectFacts

_LOWER_WORDS = {"trousers": "trousers", "shorts_or_skirt": "shorts or skirt"}
_WORN = ("glasses", "hat", "bag", "backpack", "jacket")


def say_facts(facts: ObjectFacts) -> list[str]:
    """At most four short lines, ASCII; empty when nothing is known."""
    known = {name: item.value for name, item in facts.attributes.items() if _is_told(item)}
    lines = [_say_person(known), _say_clothing(known), _say_vehicle(known)]
    if facts.plate is not None and facts.plate.text:
        lines.append(facts.plate.text if facts.plate.state == "read" else f"{facts.plate.text} ?")
    return [line for line in lines if line]


def _is_told(item: AttributeValue) -> bool:
    return item.value not in {UNKNOWN, "no"}


def _say_person(known: Mapping[str, str]) -> str:
    words = [known["sex"]] if "sex" in known else []
    words += [f"{known['hair']} hair"] if "hair" in known else []
    words += [name for name in _WORN if name in known]
    words += [known["carried"]] if "carried" in known else []
    return ", ".join(dict.fromkeys(words))


def _say_clothing(known: Mapping[str, str]) -> str:
    upper = [known["upper_colour"]] if "upper_colour" in known else []
    upper += [f"{known['sleeves']} sleeves"] if "sleeves" in known else []
    lower = [known["lower_colour"]] if "lower_colour" in known else []
    lower += [_LOWER_WORDS.get(known["lower_clothing"], "")] if "lower_clothing" in known else []
    parts = []
    if upper:
        parts.append("top " + ", ".join(upper))
    if lower:
        parts.append(" ".join(lower) if "lower_clothing" in known else f"legs {lower[0]}")
    return "; ".join(parts)


def _say_vehicle(known: Mapping[str, str]) -> str:
    return " ".join(known[name] for name in ("colour", "make", "type") if name in known and known[name].isascii())
