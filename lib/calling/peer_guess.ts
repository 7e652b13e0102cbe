/**
 * What a peer may be, and so how the next call should ask it for a connection.
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

/** How a call asks for a connection, and what becomes of the answer. */
export const CallKind = {
  /** sd/2. */
  frames: "frames",
  /** Plainly, to see whether it answers; the connection is not used. */
  probe: "probe",
  /** Plainly, and the connection is used. */
  plain: "plain",
} as const;
/** See {@linkcode CallKind}. */
export type CallKind = typeof CallKind[keyof typeof CallKind];

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

/** Guesses from how its calls went whether one peer is an original. */
export class PeerGuess {
  #nextCall: CallKind = CallKind.frames;
  /** Whether it has ever agreed to more than chunks. */
  #isModern = false;
  /** Whether it has answered a probe. */
  #answersPlainly = false;
  #silences = 0;

  /** How the next call should ask. */
  get nextCall(): CallKind {
    return this.#nextCall;
  }

  /** It agreed to frames or lines, as no original does. */
  provedModern(): void {
    this.#isModern = true;
  }

  /**
   * A call is over.
   *
   * @returns Whether the next call should be made at once, because it asks
   * something else.
   */
  called(outcome: Outcome): boolean {
    const asked = this.#nextCall;
    if (this.#isModern || outcome === "absent" || outcome === "refused") {
      this.#startOver();
      return false;
    }
    if (asked === CallKind.plain) {
      // A lost connection is made again in the same way.
      if (outcome !== "agreed") this.#startOver();
      return false;
    }
    if (asked === CallKind.probe) {
      this.#answersPlainly = outcome === "agreed";
      this.#nextCall = CallKind.frames;
      return this.#answersPlainly;
    }
    if (outcome === "agreed") return false;
    if (!this.#answersPlainly) {
      this.#nextCall = CallKind.probe;
      return true;
    }
    this.#silences++;
    if (this.#silences >= PROOFS) this.#nextCall = CallKind.plain;
    return true;
  }

  #startOver(): void {
    this.#nextCall = CallKind.frames;
    this.#answersPlainly = false;
    this.#silences = 0;
  }
}
