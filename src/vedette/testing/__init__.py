"""Shipped simulators: clock, RTSP camera with scripted faults, scene generator."""
