/**
 * Looks at sealed segments, which nobody ought to touch: what one of them does
 * not have any more is lost, and noted as such.
 *
 * @module
 */

import type { Disk } from "./disk.ts";
import type { Listing, Loss } from "./listing.ts";
import type { SegmentMap } from "./segment_map.ts";
import { sealedEntry } from "./stock.ts";

/** Watches the sealed segments of one journal. */
export class SealedWatch {
  readonly #disk: Disk;
  readonly #map: SegmentMap;
  readonly #listing: Listing;
  readonly #lost: (loss: Loss) => void;
  /** The part of the map that is looked at next. */
  #next = 0;

  /** @param lost Is told of what others have taken away. */
  constructor(
    disk: Disk,
    map: SegmentMap,
    listing: Listing,
    lost: (loss: Loss) => void,
  ) {
    this.#disk = disk;
    this.#map = map;
    this.#listing = listing;
    this.#lost = lost;
  }

  /** Looks at one sealed segment after the other, a call each. */
  lookAtOne(): void {
    const { count } = this.#map;
    if (count === 0) return;
    this.#next %= count;
    const { segment, bytes } = this.#map.at(this.#next++);
    if (segment !== "" && bytes > 0) this.lookAt(segment, bytes);
  }

  /** Looks whether a sealed segment has what it ought to have. */
  lookAt(segment: string, bytes: number): void {
    try {
      const found = Math.max(this.#disk.sizeOf(segment), 0);
      if (found >= bytes || this.#disk.gone() !== undefined) return;
      this.#shorten(segment, found);
    } catch {
      // A disk that cannot be asked says so when it is read.
    }
  }

  #shorten(segment: string, found: number): void {
    const lostBytes = this.#map.shorten(segment, found);
    if (lostBytes === 0) return;
    const { entries } = this.#listing;
    const index = entries.findIndex(({ kind, name }) =>
      kind === "sealed" && name === segment
    );
    const print = entries[index]?.print;
    const how = found === 0 ? "missing" : "short";
    const loss = this.#listing.lossOf(how, segment, lostBytes, print);
    const rest = found === 0 ? [] : [sealedEntry(this.#disk, segment)];
    entries.splice(Math.max(index, 0), index < 0 ? 0 : 1, ...rest, loss);
    this.#lost(loss);
  }
}
