/**
 * Paragraphs of help, laid out for a terminal.
 *
 * @module
 */

/** Columns of a terminal that help is laid out for. */
const COLUMNS = 80;

/** Column at which an explanation begins. */
const INDENT = 29;

/** Sets `words` behind `term`, in lines that begin under the first word. */
export function hangingParagraph(
  term: string,
  words: readonly string[],
): string {
  const lines: string[] = [];
  let line = term.padEnd(INDENT - 1);
  for (const word of words) {
    if (line.length + 1 + word.length > COLUMNS) {
      lines.push(line);
      line = " ".repeat(INDENT - 1);
    }
    line += ` ${word}`;
  }
  return [...lines, line].join("\n");
}
