/**
 * The memory of {@linkcode Seen}, which is bounded, whoever fills it: when all
 * pages are taken, the one that was begun first is taken for something else.
 * What is forgotten is the oldest, whose it ever was.
 *
 * @module
 */

/** Prints of one page: messages come in runs, and go to one data node in runs. */
export const PAGE_PRINTS = 128;

/** A client's pages: by number, where the first print of each is. */
export type PageTable = Map<number, number>;

/** Pages made room for at first. */
const PAGES_MIN = 64;

/** Prints by sequence, in pages that all clients share. */
export class PrintPages {
  /** All pages, one behind the other; 0 where there is no print. */
  prints: Uint32Array = new Uint32Array(PAGES_MIN * PAGE_PRINTS);
  readonly #pagesMax: number;
  /** Whose page it is, and its number there. */
  readonly #tables: PageTable[] = [];
  readonly #numbers: number[] = [];
  /** The page that is taken next. */
  #next = 0;

  /** @param pagesMax A power of two. */
  constructor(pagesMax: number) {
    this.#pagesMax = pagesMax;
  }

  /** Begins a page of a table. @returns Where its first print is. */
  begin(table: PageTable, number: number): number {
    const page = this.#next;
    this.#next = (page + 1) % this.#pagesMax;
    const base = page * PAGE_PRINTS;
    const former = this.#tables[page];
    if (former !== undefined) {
      former.delete(this.#numbers[page]!);
      this.prints.fill(0, base, base + PAGE_PRINTS);
    } else if (base === this.prints.length) {
      const grown = new Uint32Array(2 * base);
      grown.set(this.prints);
      this.prints = grown;
    }
    this.#tables[page] = table;
    this.#numbers[page] = number;
    table.set(number, base);
    return base;
  }
}
