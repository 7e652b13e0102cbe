/**
 * What a data node was to this head before it joined again.
 *
 * @module
 */

/** What a data node that returns was before. */
export interface FormerMember {
  /** Its last address. */
  readonly address: string;
  /** For how long it was away, in ms; undefined: since before this start. */
  readonly awayMs: number | undefined;
}

/** A data node that returns. */
export interface ReturningMember extends FormerMember {
  /**
   * How long ago it was last heard, in ms, if it had been silent for unusually
   * long when it left.
   */
  readonly lastHeardMs: number | undefined;
}
