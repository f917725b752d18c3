/** The names of the two halves of the table, which the summary counts by. */
export const ADAPTER = "the adapter of ws";
export const MEMORY = "the in-memory transport";
