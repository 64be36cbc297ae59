"""Live fan-out and playback to browsers and foreign players."""
