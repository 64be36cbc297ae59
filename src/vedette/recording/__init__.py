"""Recording by packet copy: where to cut, fragment writer, index, retention, check."""
