/**
 * Text that a terminal shows and does not obey.
 *
 * Control characters, which can clear a screen or forge a line, and those that
 * turn the direction of what follows become visible, as `data.txt` has them:
 * `\n`, `\r`, `\t`, or `\xHH` for each of their bytes in UTF-8.
 *
 * @module
 */

/**
 * C0, DEL and C1; the marks, embeddings, overrides and isolates of Unicode's
 * bidirectional algorithm (UAX #9); the two separators that end a line.
 */
const unseen = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

const letters: Readonly<Record<string, string>> = {
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
};

const encoder = new TextEncoder();

/** `text` with all that is not seen made visible; one line in any case. */
export function visible(text: string): string {
  return text.replaceAll(
    unseen,
    (character) => letters[character] ?? hexOf(character),
  );
}

/** A string or an object as JSON, all of it to be seen; it parses to the same. */
export function visibleJson(value: string | object): string {
  return JSON.stringify(value).replaceAll(
    unseen,
    (character) =>
      `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** `\xHH` for each byte. */
function hexOf(character: string): string {
  let hex = "";
  for (const byte of encoder.encode(character)) {
    hex += `\\x${byte.toString(16).padStart(2, "0")}`;
  }
  return hex;
}
