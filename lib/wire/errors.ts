/**
 * What one sd-node tells another, or a person with `nc`, when it cannot do
 * what was asked: a code to act on, and a reason to read.
 *
 * @module
 */

/** One row of the table in docs/protocol.md. */
export interface WireErrorKind {
  /** The number in a frame. Never given a new meaning. */
  readonly code: number;
  /** The word in a line. */
  readonly word: string;
  /** Whether the sender closes the connection after it. */
  readonly fatal: boolean;
  /** Whether the same message may be stored when it is sent again. */
  readonly retry: boolean;
  /** What the peer should do about it. */
  readonly remedy: string;
}

/** Every error of the wire. */
export const WireError = {
  handshake: {
    code: 1,
    word: "handshake",
    fatal: true,
    retry: false,
    remedy: "send `peticion`, wait for `confirmacion`, then name a role",
  },
  full: {
    code: 2,
    word: "full",
    fatal: true,
    retry: true,
    remedy: "try again later, or elsewhere",
  },
  tooLong: {
    code: 3,
    word: "too-long",
    fatal: false,
    retry: false,
    remedy: "send the message in parts",
  },
  malformed: {
    code: 4,
    word: "malformed",
    fatal: true,
    retry: false,
    remedy: "mend the sender: its bytes do not follow docs/protocol.md",
  },
  notStored: {
    code: 5,
    word: "not-stored",
    fatal: false,
    retry: true,
    remedy: "send the message again, at once or later: it may go elsewhere",
  },
  draining: {
    code: 6,
    word: "draining",
    fatal: true,
    retry: true,
    remedy: "connect again, to another head if there is one",
  },
  silent: {
    code: 7,
    word: "silent",
    fatal: true,
    retry: true,
    remedy: "connect again; finish the handshake in time",
  },
  absent: {
    code: 8,
    word: "absent",
    fatal: false,
    retry: true,
    remedy: "ask for the list of data nodes again",
  },
  unread: {
    code: 9,
    word: "unread",
    fatal: false,
    retry: true,
    remedy: "ask again; if it stays so, look at the data node's disk",
  },
  twin: {
    code: 10,
    word: "twin",
    fatal: true,
    retry: true,
    remedy: "connect again if this is the same data node, started anew; give " +
      "each data node a directory of its own",
  },
  reused: {
    code: 11,
    word: "reused",
    fatal: false,
    retry: false,
    remedy:
      "use another client id: this one was used for other messages before",
  },
  notHere: {
    code: 12,
    word: "not-here",
    fatal: false,
    retry: true,
    remedy:
      "ask another data node: the message was answered before, and this " +
      "one cannot compare it",
  },
} as const satisfies Record<string, WireErrorKind>;

const byCode: ReadonlyMap<number, WireErrorKind> = new Map(
  Object.values(WireError).map((kind) => [kind.code, kind]),
);

/** The kind with this code, or undefined for one of a later version. */
export function wireErrorOf(code: number): WireErrorKind | undefined {
  return byCode.get(code);
}

/** An error as one line of text, without its line ending. */
export function errorLine(kind: WireErrorKind, reason: string): string {
  return `error ${kind.word}: ${reason}`;
}
