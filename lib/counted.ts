/**
 * Counts in sentences.
 *
 * @module
 */

/** `1 message`, `2 messages`. */
export function counted(count: number, noun: string): string {
  if (count === 1) return `1 ${noun}`;
  return `${count} ${noun.endsWith("ch") ? `${noun}es` : `${noun}s`}`;
}
