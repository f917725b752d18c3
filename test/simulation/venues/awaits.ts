/**
 * What the product does not promise yet, by the part of it that a test waits for. Empty when all of them
 * have been merged; nothing may stay here.
 */
export type Part = "numbers" | "refusals" | "logins" | "snapshots" | "checksums" | "mute";

export const awaits: ReadonlySet<Part> = new Set<Part>([
]);
