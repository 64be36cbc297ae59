"""Recording plans between the wire and the house. Pure."""

from vedette.api.schemas.storage import MotionSourcesOut, RecordingPlanIn, RecordingPlanOut, RetentionOut, SpanOut
from vedette.camera.recording_terms import RecordingTerms, RetentionForm, SpanForm, TermsForm, show_terms


def form_from_wire(body: RecordingPlanIn) -> TermsForm:
    """Reads a plan; `read_terms` judges it."""
    return TermsForm(
        mode=body.mode,
        calendar=[SpanForm(span.days, span.from_, span.to, span.mode) for span in body.calendar],
        timezone=body.timezone,
        pre_s=body.pre_s,
        post_s=body.post_s,
        use_packet_sizes=body.motion.use_packet_sizes,
        retention=[RetentionForm(one.mode, one.min_days, one.max_days) for one in body.retention],
        volumes=body.volumes,
    )


def plan_out(terms: RecordingTerms) -> RecordingPlanOut:
    """Shows a plan in the form in which it can be sent back."""
    form = show_terms(terms)
    return RecordingPlanOut.model_validate(
        {
            "mode": form.mode,
            "calendar": [
                SpanOut.model_validate({"days": list(span.days), "from_": span.from_, "to": span.to, "mode": span.mode})
                for span in form.calendar
            ],
            "timezone": form.timezone,
            "pre_s": form.pre_s,
            "post_s": form.post_s,
            "motion": MotionSourcesOut(use_packet_sizes=form.use_packet_sizes),
            "retention": [
                RetentionOut.model_validate({"mode": one.mode, "min_days": one.min_days, "max_days": one.max_days})
                for one in form.retention
            ],
            "volumes": list(form.volumes),
        }
    )
