"""Lists of what is looked for or known: kept, checked, and matched with what is seen."""
