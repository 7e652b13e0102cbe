/** Answers of so many lines each, the first of which begins as it should. */

import { textOf } from "../../../lib/base/ascii.ts";

const LF = 10;

/** See the module. */
export class LineAnswers {
  readonly #lines: number;
  readonly #begins: string;
  readonly #aside: (line: string) => boolean;
  #line = 0;
  count = 0;

  /**
   * @param lines Of each answer.
   * @param begins The first of them.
   * @param aside Takes a line that is no answer. @returns Whether it is known.
   */
  constructor(
    lines: number,
    begins: string,
    aside: (line: string) => boolean = () => false,
  ) {
    this.#lines = lines;
    this.#begins = begins;
    this.#aside = aside;
  }

  /**
   * @returns How many bytes of `bytes[0..length)` were whole lines.
   * @throws An answer begins otherwise.
   */
  take(bytes: Uint8Array, length: number): number {
    const first = this.#begins.charCodeAt(0);
    // Else the search for an ending would go on through the whole buffer.
    const said = bytes.subarray(0, length);
    let at = 0;
    for (;;) {
      const end = said.indexOf(LF, at);
      if (end < 0) return at;
      if (this.#line === 0 && said[at] !== first) {
        const line = textOf(said, at, end).trimEnd();
        if (!this.#aside(line)) throw new Error(line);
      } else if (++this.#line === this.#lines) {
        this.#line = 0;
        this.count++;
      }
      at = end + 1;
    }
  }
}
