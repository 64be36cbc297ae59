"""Whether a face wears glasses: trained on real ones and on drawn ones."""
