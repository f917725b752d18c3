/** The names of the two halves of the table, which the summary counts by. */
export const ADAPTER = "the adapter of ws";
export const MEMORY = "the in-memory transport";
/** The first half once more, by the fast way; it is no case of the table. */
export const FAST = "the adapter of ws, fastInbound";
