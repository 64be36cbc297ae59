"""What a file that leaves the house says of itself: who took it out, why, and under which number (AR10).

Written into the file's metadata, so that a copy that turns up somewhere names its way. It can be removed by who wants
to: the trail that cannot is the audit log. Pictures are not touched.

A file with hidden parts says so too: nobody shall take it for what was recorded.
"""

from collections.abc import Mapping

from vedette.streaming.export_job import ExportCamera, ExportOrder

Notes = Mapping[str, str]
EXPORT_MARK = "Exported from Vedette."
_MOST_CHARS = 500


def make_notes(
    *, title: str, user_name: str, user_id: str, purpose: str, export_id: str, zones_filled: int = 0
) -> dict[str, str]:
    """Makes the facts of one file. `export_id` is empty for a download without a job; `zones_filled`: how many
    privacy zones hide parts of it.
    """
    user = f"{user_name} ({user_id})" if user_id else user_name
    facts = {"user": user, "purpose": purpose or "not given", "export": export_id or "direct download"}
    if zones_filled:
        title = f"{title} (parts hidden)"
        facts["masked"] = f"not the recorded original: encoded anew, parts filled by {zones_filled} privacy zones"
    comment = f"{EXPORT_MARK} " + "; ".join(f"{name}: {text}" for name, text in facts.items())
    return {name: _clean(text) for name, text in {"title": title, "comment": comment, **facts}.items()}


def make_order_notes(order: ExportOrder, camera: ExportCamera) -> dict[str, str]:
    """The same for the file of one camera of an export."""
    return make_notes(
        title=camera.name,
        user_name=order.user_name,
        user_id=order.user_id,
        purpose=order.purpose,
        export_id=order.export_id,
        zones_filled=len(camera.masked),
    )


def _clean(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in text)[:_MOST_CHARS]
