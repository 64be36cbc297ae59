"""One router per feature. A router declares routes; it never constructs what they use."""
