// Words that mean the same in every attribute.

/** Looked at and not seen surely enough; of own categories: none of these. */
export const UNKNOWN = "unknown";
