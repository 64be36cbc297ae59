"""Demux, fMP4 mux and parse, decode, probe. The only place that imports PyAV; fMP4 is pure Python."""
