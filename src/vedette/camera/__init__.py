"""Cameras: inventory, RTSP and other sources, connection state."""
