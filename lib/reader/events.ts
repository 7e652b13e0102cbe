/**
 * What a reader core tells as it reads.
 *
 * @module
 */

import type { ParsedRecord } from "../store/record.ts";

/** A record and the bytes that it refers to. */
export interface Line {
  /** A line of `data.txt`, with other bytes before and behind it. */
  readonly bytes: Uint8Array;
  /** Where its parts are in these bytes. */
  readonly record: ParsedRecord;
}

/** What a reader reports. */
export interface ReaderEvents {
  connected(address: string): void;
  lost(address: string, reason: string, nextCallInMs: number): void;
  /** A data node has a message; once for each copy, in no useful order. */
  readonly copy?:
    | ((
      node: { readonly id: string; readonly address: string },
      line: Line,
    ) => void)
    | undefined;
  /** The next message; valid during the call. */
  message(line: Line): void;
  /** Messages may be missing, and why. */
  missing(reason: string): void;
  /** What was told to be missing, in these words, is here after all. */
  found?(reason: string): void;
  /** Something worth knowing that is no reason to doubt. */
  noticed?(notice: string): void;
  /** `ReaderCore.take` may have something to do. */
  ready(): void;
  /** Everything was taken. */
  finished(): void;
}
