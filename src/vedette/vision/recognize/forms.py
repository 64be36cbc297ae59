"""The forms of all recognizers: what the analyzer, outside the jail, accepts from each."""

from collections.abc import Mapping

from vedette.vision.categories.embedding import EMBEDDING_FORM
from vedette.vision.recognize.attribute_forms import APPEARANCE_FORM, PEOPLE_FORM, VEHICLES_FORM
from vedette.vision.recognize.face_templates import FACE_TEMPLATES_FORM
from vedette.vision.recognize.faces import FACES_FORM
from vedette.vision.recognize.plates import PLATES_FORM
from vedette.vision.recognize.records import Form

GROUPS = ("attributes", "plates", "appearance", "faces")
"""What a camera's setting names. Faces are biometric: never on by default. Templates are no setting: a list of faces
asks for them (`face_templates`), and vectors for a set of categories (`categories`)."""

_ALL = (APPEARANCE_FORM, EMBEDDING_FORM, FACES_FORM, FACE_TEMPLATES_FORM, PEOPLE_FORM, PLATES_FORM, VEHICLES_FORM)
FORMS: Mapping[str, Form] = {form.name: form for form in _ALL}
