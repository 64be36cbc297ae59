"""Recognizers: what a tracked object looks like, asked at its best moments. Design: docs/design/recognition.md."""
