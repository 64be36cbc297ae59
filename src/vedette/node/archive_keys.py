"""Keeps the archive keys of the days to come made, where footage is encrypted.

The first ones are made by the supervisor before any role starts: a recorder that is quicker than the gateway would
otherwise find none and record in the clear.
"""

import asyncio

from vedette.core.errors import StorageError
from vedette.recording.archive_keys import make_keys_ahead
from vedette.runtime.clock import Clock
from vedette.runtime.log import get_logger
from vedette.runtime.settings import NodeSettings

_EVERY_S = 3600.0


def prepare_archive_keys(settings: NodeSettings, now_ns: int) -> str:
    """Makes what is missing, if footage is encrypted at all; returns what stood in the way, in words."""
    if not settings.encrypt_footage:
        return ""
    try:
        make_keys_ahead(settings.paths.archive_keys, settings.paths.archive_public_keys, now_ns)
    except StorageError as error:  # the recorder goes on with the keys there are, and says when they are not right
        return error.message
    return ""


async def run_archive_keys(settings: NodeSettings, clock: Clock) -> None:
    """Once an hour, until cancelled."""
    log, told = get_logger("gateway"), ""
    while True:
        problem = await asyncio.to_thread(prepare_archive_keys, settings, clock.utc_ns())
        if problem and problem != told:
            log.error("archive keys cannot be made", reason=problem)
        told = problem
        await clock.sleep(_EVERY_S)
