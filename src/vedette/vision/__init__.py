"""Model registry, sampling, detection, tracking, file jobs."""
