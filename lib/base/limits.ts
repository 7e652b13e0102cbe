/**
 * The limits and pauses that an operator or a peer may meet, each with its unit
 * and its reason; what only one module needs to know stands there.
 *
 * A bound on each queue is what keeps memory a matter of configuration rather
 * than of what peers send. The relations between the numbers are checked when
 * this module loads, so that a change of one cannot break another unseen.
 *
 * @module
 */

/** The port both activities were given in 2019, and still the default. */
export const DEFAULT_PORT = 5000;

/**
 * Connections that have not finished their handshake. They hold no place, so
 * that a port scan cannot lock clients out; past this many, new ones are
 * closed at once.
 */
export const UNGREETED_CONNECTIONS_MAX = 1_024;

/**
 * Longest message in bytes. Large enough for any log line or JSON document a
 * person would send as one message; small enough that one frame is read in one
 * turn and never starves heartbeats.
 */
export const MESSAGE_BYTES_MAX = 256 * 1024;

/** Most bytes of one sd/2 frame, its header included. */
export const FRAME_BYTES_MAX = 512 * 1024;

/**
 * Most bytes of one `restore` frame. It carries records as they stand in
 * `data.txt`, where a byte that is no text takes four: a message of the longest
 * kind, all escaped, and what stands in front of it.
 */
export const RESTORE_FRAME_BYTES_MAX: number = 4 * MESSAGE_BYTES_MAX + 4096;

/**
 * Most bytes of messages in one frame: what is left when a head sends them on
 * under a longer header, with a client id and holders in front.
 */
export const FRAME_PAYLOAD_BYTES_MAX = FRAME_BYTES_MAX - 1024;

/**
 * Most messages of one frame. More would gain nothing (the cost of a frame is
 * already spread thin) and would let placement put long runs on one node.
 */
export const FRAME_MESSAGES_MAX = 4_096;

/**
 * What the original programs pass to `recv`. A longer message reaches them in
 * pieces, and each piece would be answered as if it were a message.
 */
export const CHUNK_BYTES_MAX_OF_ORIGINALS = 1_024;

/** The last moment with a year of four digits, in ms since 1970. */
export const TIME_MS_MAX = 253_402_300_799_999;

/**
 * Longest message for an original data node: what its `recv` takes, less the
 * `mensaje: ` in front.
 */
export const ORIGINAL_MESSAGE_BYTES_MAX = CHUNK_BYTES_MAX_OF_ORIGINALS - 9;

/**
 * Bytes of a segment read at a time for a reader. As much as keeps a disk and a
 * connection busy; little enough that the answers of live traffic, which share
 * the connection, are not held up by a millisecond.
 */
export const READ_PIECE_BYTES = 128 * 1024;

/**
 * Lanes of one data node (store/lanes.ts). Whoever reads holds a piece of each;
 * a start puts small ones together, so that there are seldom many.
 */
export const LANES_MAX = 1_024;

/**
 * The last number of a lane. No number is used twice, since readers go on at a
 * position of a lane: so numbers grow with every repair and every putting
 * together, for as long as the directory lives. Whoever reads asks once for
 * each number that is gone, which so many allow.
 */
export const LANE_NUMBER_MAX = 16_384;

/** Requests of one reader that may be unanswered. */
export const READS_MAX = 64;

/**
 * Time after which a head that has no memory of earlier data nodes has met all
 * that run, in ms: the longest pause before they call again, and some more.
 */
export const SETTLED_MS: number = 6_000;

/** Longest handshake line; ours are under 200 bytes. */
export const GREETING_BYTES_MAX = 1_024;

/** Bytes of a client id: fits one length byte and stays readable in a log. */
export const CLIENT_ID_BYTES_MAX = 64;

/** Bytes of a node id: 40 random bits as eight base-32 digits. */
export const NODE_ID_BYTES = 8;

/** Bytes of the textual address in a receipt (IPv6 with a zone fits). */
export const ADDRESS_BYTES_MAX = 64;

/** Most copies one message may have; a frame counts holders in one byte. */
export const REPLICAS_MAX = 16;

/**
 * Read buffer of a peer whose every read is a message: what is longer would
 * become two messages. Sixty-four times what the originals read.
 */
export const READ_BYTES_CHUNK = 64 * 1024;

/**
 * Unsent bytes to one peer above which its core stops producing for it, and
 * below which it goes on. Some reads of a busy peer.
 */
export const SEND_BYTES_HIGH = 1024 * 1024;

/** See {@linkcode SEND_BYTES_HIGH}. */
export const SEND_BYTES_LOW = 256 * 1024;

/**
 * Bytes of one client's messages that a head holds unanswered; past it the
 * head stops reading from that client, and TCP slows it down.
 */
export const CLIENT_WINDOW_BYTES = 1024 * 1024;

/** Messages of one client that a head holds unanswered. */
export const CLIENT_WINDOW_MESSAGES = 16_384;

/**
 * Bytes placed on one data node and not yet stored. A node over it is not
 * chosen until it has caught up, so a slow node slows only itself.
 */
export const MEMBER_WINDOW_BYTES = 8 * 1024 * 1024;

/**
 * Bytes of messages that are worth a write and a sync of their own, so that a
 * head waits for no more of them: some hundred lone messages, or two frames of
 * a busy client. More would make fewer syncs and leave data nodes idle.
 */
export const GROUP_BYTES = 32 * 1024;

/**
 * Bytes gathered by a data node while a sync runs. Past it the node stops
 * reading from its heads.
 */
export const GATHER_BYTES_MAX = 8 * 1024 * 1024;

/**
 * Time for a peer to finish its handshake. A person types `peticion` and
 * `cliente` by hand, so this is a minute and not a second.
 */
export const GREETING_TIMEOUT_MS = 60_000;

/** Time for a program that we called to answer our handshake. */
export const ANSWER_TIMEOUT_MS = 2_000;

/**
 * How long a lone `confirmacion` waits for the rest of its line before it is
 * taken for the answer of an original program, which sends nothing after it.
 */
export const CHUNK_GRACE_MS = 250;

/**
 * How long a client waits for the echo of its `cliente` that tells an original
 * server from an original head. Also keeps `cliente` and the first message
 * from reaching an original head in one read.
 */
export const ECHO_GRACE_MS = 400;

/**
 * Time a data node may take to answer one message before it is taken for
 * hung. A healthy disk syncs in milliseconds; a badly loaded one in a second
 * or two.
 */
export const STORE_TIMEOUT_MS = 10_000;

/**
 * Time to store that is never unusual, in ms. A disk that is busy with other
 * things takes a second now and then, and redelivery costs work. An original
 * data node, which appends a line and syncs nothing, needs no more.
 */
export const STORE_SLOW_MS = 2_000;

/** {@linkcode STORE_TIMEOUT_MS} for whoever types `recibido` by hand. */
export const TYPING_TIMEOUT_MS = 60_000;

/**
 * {@linkcode STORE_SLOW_MS} for the same: time to read a line and type a word.
 * Whoever takes longer loses nothing, since a late answer counts.
 */
export const TYPING_SLOW_MS = 5_000;

/** First pause before calling an absent peer again; doubles each time. */
export const REDIAL_MS_MIN = 100;

/** Longest pause before calling again: a peer that returns is found soon. */
export const REDIAL_MS_MAX = 5_000;

/** Time for one `Deno.connect`; a cut cable would else hold it for minutes. */
export const DIAL_TIMEOUT_MS = 5_000;

/**
 * How long a name that has no address may stay unknown before a process that
 * was never connected gives up. Containers get their names as they start, in
 * any order; a mistyped one never comes.
 */
export const HOST_UNKNOWN_MS_MAX = 10_000;

/** How often cores look at their deadlines. */
export const TICK_MS = 50;

/**
 * Time for a drain before the process ends with what could not be finished
 * said. Below the 10 s that `docker stop` waits before SIGKILL.
 */
export const DRAIN_MS_MAX = 8_000;

/** Default pause between two heartbeats: the original's 5 s. */
export const HEARTBEAT_INTERVAL_MS_DEFAULT = 5_000;

/** The relations that the constants above must keep. */
const relations: readonly (readonly [boolean, string])[] = [
  [STORE_SLOW_MS < STORE_TIMEOUT_MS, "a slow disk is not dead yet"],
  [TYPING_SLOW_MS < TYPING_TIMEOUT_MS, "a slow person is not dead yet"],
  [MESSAGE_BYTES_MAX + 4 <= FRAME_PAYLOAD_BYTES_MAX, "a message fits a frame"],
  [
    CLIENT_ID_BYTES_MAX + REPLICAS_MAX * NODE_ID_BYTES + 256 <=
      FRAME_BYTES_MAX - FRAME_PAYLOAD_BYTES_MAX,
    "a frame can be sent on",
  ],
  [MESSAGE_BYTES_MAX <= CLIENT_WINDOW_BYTES, "a message fits a window"],
  [FRAME_BYTES_MAX <= MEMBER_WINDOW_BYTES, "a frame fits its window"],
  [FRAME_BYTES_MAX <= GATHER_BYTES_MAX, "a frame fits the gathering batch"],
  [GROUP_BYTES <= MEMBER_WINDOW_BYTES, "a group fits a member's window"],
  [FRAME_MESSAGES_MAX <= CLIENT_WINDOW_MESSAGES, "a frame fits a window"],
  [SEND_BYTES_LOW < SEND_BYTES_HIGH, "a sender can recover"],
  [READ_BYTES_CHUNK >= CHUNK_BYTES_MAX_OF_ORIGINALS, "one read, one message"],
  [READ_BYTES_CHUNK <= MESSAGE_BYTES_MAX, "what one read returns is allowed"],
  [REDIAL_MS_MIN < REDIAL_MS_MAX, "pauses between calls grow"],
  [REDIAL_MS_MAX < SETTLED_MS, "whoever calls again is met in time"],
  [CLIENT_ID_BYTES_MAX < 256 && ADDRESS_BYTES_MAX < 256, "one length byte"],
];
for (const [holds, meaning] of relations) {
  if (!holds) {
    throw new Error(`Cannot load limits: broken relation: ${meaning}`);
  }
}
