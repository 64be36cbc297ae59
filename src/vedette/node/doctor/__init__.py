"""`vedette doctor`: what this machine can do and lacks, each finding with what to do about it."""
