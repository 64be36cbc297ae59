"""One module or folder per technology. The only place for databases, inference runtimes, HTTP clients."""
