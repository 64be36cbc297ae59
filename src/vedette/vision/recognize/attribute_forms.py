"""What may be said of people and vehicles: closed sets of labels, for whoever checks, lists or searches them.

Apart from the recognizers, because the gateway reads the words and loads nothing that looks at pictures.
"""

from collections.abc import Mapping, Sequence

from vedette.core.objects import COLOUR_NAMES, VEHICLE_TYPES
from vedette.vision.recognize.records import Form

CLOTHING_LABELS = {"upper_colour": COLOUR_NAMES, "lower_colour": COLOUR_NAMES}
CLOTHING_FLOORS = {"upper_colour": 0.45, "lower_colour": 0.45}
CARRIED = "carried"
_YES_NO = ("yes", "no")
PEOPLE_FORM = Form(
    "people",
    "attributes",
    frozenset({"person"}),
    labels={
        "sex": ("male", "female"),
        "hair": ("long", "short"),
        "hat": _YES_NO,
        "bag": _YES_NO,
        "backpack": _YES_NO,
        "sleeves": ("long", "short"),
        "jacket": ("yes",),
        CARRIED: ("backpack", "handbag"),
        "lower_clothing": ("trousers", "shorts_or_skirt"),
        **CLOTHING_LABELS,
    },
    floors={
        "sex": 0.75,
        "hair": 0.75,
        "hat": 0.85,
        "bag": 0.85,
        "backpack": 0.8,
        "sleeves": 0.85,
        "jacket": 0.85,
        CARRIED: 0.6,
        "lower_clothing": 0.75,
        **CLOTHING_FLOORS,
    },
)
VEHICLES_FORM = Form(
    "vehicles",
    "attributes",
    frozenset({"vehicle"}),
    labels={"type": VEHICLE_TYPES, "colour": COLOUR_NAMES},
    floors={"type": 0.75, "colour": 0.65},
)
GLASSES = "glasses"
FACE_ATTRIBUTES = {GLASSES: _YES_NO}
"""Told by the faces of people; what they wear there is no matter of who they are."""
ATTRIBUTES: Mapping[str, Sequence[str]] = {**PEOPLE_FORM.labels, **FACE_ATTRIBUTES, **VEHICLES_FORM.labels}
"""All that is recognised by what Vedette ships, without being taught: name to values."""
MAKE = "make"
"""Of vehicles, by a model that the user adds: `make_forms.py`."""
HOUSE_NAMES = frozenset({*ATTRIBUTES, MAKE})
"""Attributes that are not the operator's own categories."""

APPEARANCE = "appearance"
APPEARANCE_MODELS = ("person-reid-0287", "person-reid-small")
"""The first that is installed is used. Vectors of one release can be compared, and each keeps the name of its own."""
VECTOR_SIZE = 256
APPEARANCE_FORM = Form(APPEARANCE, APPEARANCE, frozenset({"person"}), vector_size=VECTOR_SIZE)
