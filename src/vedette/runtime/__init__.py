"""Clock, settings, supervisor, worker jail, the message bus port and telemetry."""
