/**
 * Listening for connections.
 *
 * @module
 */

import type { Link, Session, Turn } from "../base/ports.ts";
import { runLink } from "./link.ts";
import { cannotListen } from "./start_error.ts";

/** Where to listen. */
export interface ListenOptions {
  /** An address of this machine; `0.0.0.0` means all of them. */
  readonly hostname: string;
  /** 0 lets the system choose. */
  readonly port: number;
}

/** Is told of what a listener cannot do. */
export interface ListenEvents {
  /**
   * No connection can be accepted, and why; said once, until the next
   * {@linkcode ListenEvents.accepting}.
   */
  refusing(reason: string): void;
  /** Connections are accepted again, and were for a while. */
  accepting(): void;
}

/** An open listener. */
export interface Listening {
  /** The port, also when the system chose it. */
  readonly port: number;
  /** Takes no more connections; those that are there go on. May be repeated. */
  close(): void;
}

/**
 * Listens for a role, as {@linkcode listen} does.
 *
 * @throws {StartError} It cannot listen there, in words for the operator.
 */
export function openPort(
  options: ListenOptions,
  turn: Turn,
  accept: (link: Link) => Session,
  events: ListenEvents,
): Listening {
  try {
    return listen(options, turn, accept, events);
  } catch (error) {
    throw cannotListen(options.hostname, options.port, error);
  }
}

/**
 * Listens, and hands each connection to `accept`.
 *
 * @param events Hears when the process has no descriptor left for another one.
 * @throws {Deno.errors.AddrInUse} Somebody else listens there.
 * @throws {Deno.errors.AddrNotAvailable} The address is not of this machine.
 */
export function listen(
  options: ListenOptions,
  turn: Turn,
  accept: (link: Link) => Session,
  events: ListenEvents = { refusing() {}, accepting() {} },
): Listening {
  const listener = Deno.listen({ ...options, transport: "tcp" });
  const shortage = newShortage(events);
  acceptAll(listener, turn, accept, shortage);
  let isOpen = true;
  return {
    port: listener.addr.port,
    close() {
      if (isOpen) listener.close();
      isOpen = false;
      shortage.end();
    },
  };
}

/** Pause after accepting failed, as when no more files can be opened, in ms. */
const ACCEPT_PAUSE_MS = 100;

/**
 * For how long accepting must go well before that is told, in ms: at the limit,
 * every connection that closes lets one in, and the next fails again.
 */
const ACCEPTING_AGAIN_MS = 2_000;

async function acceptAll(
  listener: Deno.TcpListener,
  turn: Turn,
  accept: (link: Link) => Session,
  shortage: Shortage,
): Promise<void> {
  for (;;) {
    let conn: Deno.TcpConn;
    try {
      conn = await listener.accept();
    } catch (error) {
      // Closed by us: the end. Anything else passes: a peer that was gone
      // before it was accepted, or for a while no file left to open.
      if (error instanceof Deno.errors.BadResource) return;
      if (error instanceof Deno.errors.Interrupted) return;
      shortage.failed(error);
      await new Promise((resolve) => setTimeout(resolve, ACCEPT_PAUSE_MS));
      continue;
    }
    shortage.accepted();
    runLink(conn, turn, accept);
  }
}

/** Whether the process has files left to open, as accepting tells it. */
interface Shortage {
  failed(error: unknown): void;
  accepted(): void;
  /** Tells nothing any more. */
  end(): void;
}

function newShortage(events: ListenEvents): Shortage {
  let isShort = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  return {
    failed(error) {
      const reason = whyShort(error);
      if (reason === undefined) return;
      clearTimeout(timer);
      timer = undefined;
      if (!isShort) events.refusing(reason);
      isShort = true;
    },
    accepted() {
      if (!isShort || timer !== undefined) return;
      timer = setTimeout(() => {
        isShort = false;
        timer = undefined;
        events.accepting();
      }, ACCEPTING_AGAIN_MS);
    },
    end: () => clearTimeout(timer),
  };
}

/** In words what there is too little of, if that is why accepting failed. */
function whyShort(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  switch (error.code) {
    case "EMFILE":
      return "too many open files; raise its limit (ulimit -n), or lower " +
        "the number of connections";
    case "ENFILE":
      return "too many open files on this machine (fs.file-max)";
    case "ENOBUFS":
    case "ENOMEM":
      return `this machine has no memory for it (${error.message})`;
    default:
      return undefined;
  }
}
