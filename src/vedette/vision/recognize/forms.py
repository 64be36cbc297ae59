"""The forms of all recognizers: what the analyzer, outside the jail, accepts from each."""

from collections.abc import Mapping

from vedette.vision.recognize.faces import FACES_FORM
from vedette.vision.recognize.people import PEOPLE_FORM
from vedette.vision.recognize.plates import PLATES_FORM
from vedette.vision.recognize.records import Form
from vedette.vision.recognize.vehicles import VEHICLES_FORM

GROUPS = ("attributes", "plates", "faces")
"""What a camera's setting names. Faces are biometric: never on by default."""

_ALL = (FACES_FORM, PEOPLE_FORM, PLATES_FORM, VEHICLES_FORM)
FORMS: Mapping[str, Form] = {form.name: form for form in _ALL}
