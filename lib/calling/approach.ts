/**
 * How to ask a peer for a connection, by what is known of it.
 *
 * sd/2 is asked for first. Most original programs answer that, plainly. Some
 * compare the whole request and stay silent, and must be asked as an original
 * would; but a peer of ours can be silent too, when it hangs, and to talk
 * chunks with it would give up what frames guarantee. So silence alone proves
 * nothing: only a peer that answers the plain request, and stays silent to
 * sd/2 twice more, is taken for such an original.
 *
 * @module
 */

/** What a call asks for, and what becomes of the answer. */
export const Ask = {
  /** sd/2. */
  frames: "frames",
  /** Plainly, to see whether it answers; the connection is not used. */
  probe: "probe",
  /** Plainly, and the connection is used. */
  plain: "plain",
} as const;
/** See {@linkcode Ask}. */
export type Ask = typeof Ask[keyof typeof Ask];

/** How far a call came. */
export type Outcome =
  /** There was an agreement; for a probe, an answer. */
  | "agreed"
  /** The peer has understood, and refuses. */
  | "refused"
  /** The peer took the connection, and did not answer as it should. */
  | "unanswered"
  /** There was no connection, or it broke. */
  | "absent";

/** Silences to sd/2, after an answer to a probe, that prove an original. */
const PROOFS = 2;

/** What is known of one peer, and what to do next. */
export class Approach {
  #ask: Ask = Ask.frames;
  /** Whether it has ever agreed to more than chunks. */
  #isModern = false;
  /** Whether it has answered a probe. */
  #answersPlainly = false;
  #silences = 0;

  /** What the next call should ask for. */
  get ask(): Ask {
    return this.#ask;
  }

  /** It agreed to frames or lines, as no original does. */
  isModern(): void {
    this.#isModern = true;
  }

  /**
   * A call is over.
   *
   * @returns Whether the next call should be made at once, because it asks
   * something else.
   */
  called(outcome: Outcome): boolean {
    const asked = this.#ask;
    if (this.#isModern || outcome === "absent" || outcome === "refused") {
      this.#startOver();
      return false;
    }
    if (asked === Ask.plain) {
      // A lost connection is made again in the same way.
      if (outcome !== "agreed") this.#startOver();
      return false;
    }
    if (asked === Ask.probe) {
      this.#answersPlainly = outcome === "agreed";
      this.#ask = Ask.frames;
      return this.#answersPlainly;
    }
    if (outcome === "agreed") return false;
    if (!this.#answersPlainly) {
      this.#ask = Ask.probe;
      return true;
    }
    this.#silences++;
    if (this.#silences >= PROOFS) this.#ask = Ask.plain;
    return true;
  }

  #startOver(): void {
    this.#ask = Ask.frames;
    this.#answersPlainly = false;
    this.#silences = 0;
  }
}
