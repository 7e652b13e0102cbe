/**
 * What ought to be there of one journal, as the contents (contents.ts) list it:
 * its sealed segments, what was lost among them, and the active one; and the
 * line of each.
 *
 * @module
 */

/** How a file, or a part of it, was lost. */
export type LossKind = "missing" | "short" | "changed";

/** A segment that is written no more. */
export interface SealedEntry {
  readonly kind: "sealed";
  readonly name: string;
  readonly bytes: number;
  /** See `fingerprint` of contents.ts. */
  readonly print: number;
}

/** Something that was there, and is not. */
export interface Loss {
  readonly kind: "lost";
  readonly how: LossKind;
  /** The segment that it was in. */
  readonly name: string;
  /** How much it was at least. */
  readonly bytes: number;
  /** Of the file that ought to be there; 0 when that is not known. */
  readonly print: number;
  /** When it was noticed, as text. */
  readonly time: string;
}

/** Something that was lost here, and is known to be elsewhere. */
export interface HealedEntry extends Omit<Loss, "kind"> {
  readonly kind: "healed";
}

/** What stands in the order of the segments. */
export type Entry = SealedEntry | Loss | HealedEntry;

/** What ought to be there of one journal: of `data.txt`, or of a lane. */
export class Listing {
  /** In the order of what they hold. */
  entries: Entry[] = [];
  /** What the active segment is called. */
  readonly active: string;
  /** Whether the contents told of this journal when the process started. */
  isKnown = false;
  /** Of the active segment, what is on disk now. */
  bytes = 0;
  /** Of that, what was noted last, and its fingerprint. */
  notedBytes = 0;
  notedPrint = 0;
  readonly #wallMs: () => number;

  constructor(active: string, wallMs: () => number) {
    this.active = active;
    this.#wallMs = wallMs;
  }

  /** A loss that is noticed now. */
  lossOf(how: LossKind, name: string, bytes: number, print = 0): Loss {
    const time = new Date(this.#wallMs()).toISOString();
    return { kind: "lost", how, name, bytes, print, time };
  }
}

const FILE = String.raw`((?:data|restored-\d{6,})(?:-\d{6,})?\.txt)`;
const SIZE_AND_PRINT = String.raw`(\d{1,15}) ([0-9a-f]{8})`;
const sealedLine = new RegExp(`^sealed ${FILE} ${SIZE_AND_PRINT}$`);
const lostLine = new RegExp(
  `^(lost|healed) (missing|short|changed) ${FILE} ${SIZE_AND_PRINT} (\\S+)$`,
);
const activeLine = new RegExp(`^active ${FILE} ${SIZE_AND_PRINT}$`);

/** The entry that a line of the contents stands for; undefined if none. */
export function entryOf(line: string): Entry | undefined {
  const sealed = sealedLine.exec(line);
  if (sealed !== null) {
    const [, name, bytes, print] = sealed;
    return {
      kind: "sealed",
      name: name!,
      bytes: Number(bytes),
      print: parseInt(print!, 16),
    };
  }
  const lost = lostLine.exec(line);
  if (lost === null) return undefined;
  const [, kind, how, name, bytes, print, time] = lost;
  return {
    kind: kind as "lost" | "healed",
    how: how as LossKind,
    name: name!,
    bytes: Number(bytes),
    print: parseInt(print!, 16),
    time: time!,
  };
}

/** The line of an entry. */
export function lineOf(entry: Entry): string {
  const { name, bytes, print } = entry;
  return entry.kind === "sealed"
    ? `sealed ${name} ${bytes} ${hex(print)}`
    : `${entry.kind} ${entry.how} ${name} ${bytes} ${hex(print)} ${entry.time}`;
}

/** What a line says of an active segment; undefined if it says nothing. */
export function activeOf(line: string):
  | { readonly active: string; readonly bytes: number; readonly print: number }
  | undefined {
  const found = activeLine.exec(line);
  if (found === null) return undefined;
  const [, active, bytes, print] = found;
  return {
    active: active!,
    bytes: Number(bytes),
    print: parseInt(print!, 16),
  };
}

/** The line of an active segment: what was noted of it. */
export function activeLineOf(listing: Listing): string {
  const { active, notedBytes, notedPrint } = listing;
  return `active ${active} ${notedBytes} ${hex(notedPrint)}`;
}

function hex(print: number): string {
  return print.toString(16).padStart(8, "0");
}
