/**
 * Counts in sentences.
 *
 * @module
 */

/** `1 message`, `2 messages`, `2 batches`, `2 copies`. */
export function counted(count: number, noun: string): string {
  if (count === 1) return `1 ${noun}`;
  if (noun.endsWith("ch")) return `${count} ${noun}es`;
  if (noun.endsWith("py")) return `${count} ${noun.slice(0, -1)}ies`;
  return `${count} ${noun}s`;
}
