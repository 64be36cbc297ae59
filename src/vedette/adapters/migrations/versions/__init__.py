"""One file per version of the tables, named `m<number>_<what>.py`. Released files are never changed."""
