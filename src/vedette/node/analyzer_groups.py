"""What is asked about the objects of a camera."""

from vedette.core.assignment import CameraAnalysis
from vedette.node.analyzer_watchlists import ListsInForce
from vedette.vision.categories.embedding import CATEGORIES
from vedette.vision.recognize.face_templates import FACE_TEMPLATES
from vedette.vision.recognize.faces import FACES


def find_groups(camera: CameraAnalysis, lists: ListsInForce) -> tuple[str, ...]:
    """The recognizers' groups: templates only where the camera's faces are on and a list looks at it, vectors for
    categories where it names a set, whether it is kept now or not.
    """
    makes_templates = FACES in camera.recognize and lists.faces.looks_at(camera.camera_id)
    groups = (*camera.recognize, FACE_TEMPLATES) if makes_templates else camera.recognize
    return (*groups, CATEGORIES) if camera.categories else groups
