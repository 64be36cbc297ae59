// Words that mean the same in every attribute.

/** Looked at and not seen surely enough; of own categories: none of these. */
export const UNKNOWN = "unknown";

/** Of vehicles, by a model that the operator added. */
export const MAKE = "make";
/** Attributes whose values are the model's own words: shown as they are written, in every language. */
export const AS_WRITTEN: readonly string[] = [MAKE];
