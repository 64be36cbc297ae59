"""A face that is like a person of a list, as an event: what explains it, and its words. Pure; for cameras and files."""

from vedette.behavior.scene import Finding, Phase
from vedette.core.messages import Measure
from vedette.core.time import NS_PER_S
from vedette.core.watchlists import Doubt, DoubtKind, MatchState, WatchlistMatch
from vedette.vision.recognize.face_gallery import FaceMatch
from vedette.vision.recognize.face_quality import QualityPolicy
from vedette.vision.recognize.face_track import MIN_SIGHTINGS, TrackTemplate
from vedette.vision.recognize.face_watch import FaceNews

FACE_MATCHED = "face_matched"
_RULE = "watchlist"


def make_finding(news: FaceNews, template: TrackTemplate, object_class: str, at_ns: int) -> Finding:
    """A match as rules tell what they find; the box is the face's."""
    return Finding(
        Phase.INSTANT,
        f"face:{news.track_id}:{news.match.entry.entry_id}",
        FACE_MATCHED,
        _RULE,
        at_ns,
        at_ns,
        object_class,
        news.match.similarity,
        (news.track_id,),
        box=template.box_norm_xyxy,
    )


def explain(match: FaceMatch, template: TrackTemplate, least: int = MIN_SIGHTINGS) -> tuple[Measure, ...]:
    """What was measured against what: rounded figures, and nothing from which a face could be made again.

    `least`: good moments that were asked for.
    """
    from_ns, to_ns = round(template.from_s * NS_PER_S), round(template.to_s * NS_PER_S)
    floor = QualityPolicy().match_floor
    return (
        Measure("face_similarity", match.similarity, match.threshold, from_ns, to_ns),
        Measure("face_quality", round(template.quality, 4), floor, from_ns, to_ns),
        Measure("face_moments", float(template.sightings), float(least), from_ns, to_ns),
    )


def tell_match(match: FaceMatch, sure: float) -> WatchlistMatch:
    """What the event says of the list and the entry."""
    doubt = Doubt(DoubtKind.SIMILARITY, f"{match.similarity:.2f}", f"{sure:g}")
    listed, entry = match.watchlist, match.entry
    name = "" if entry.face is None else entry.face.name
    return WatchlistMatch(
        listed.list_id,
        listed.name,
        listed.kind,
        match.state,
        entry.entry_id,
        name,
        entry.reason,
        entry.owner,
        () if match.state is MatchState.SURE else (doubt,),
    )


def describe(match: FaceMatch) -> str:
    """The match in one sentence."""
    name = "" if match.entry.face is None else match.entry.face.name
    how = "is like" if match.state is MatchState.SURE else "may be"
    return f"a face {how} {name} of {match.watchlist.name}: {match.entry.reason} (similarity {match.similarity:.2f})"
