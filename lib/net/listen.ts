/**
 * Listening for connections.
 *
 * @module
 */

import type { Link, Session, Turn } from "../ports.ts";
import { runLink } from "./link.ts";

/** Where to listen. */
export interface ListenOptions {
  /** An address of this machine; `0.0.0.0` means all of them. */
  readonly hostname: string;
  /** 0 lets the system choose. */
  readonly port: number;
}

/** An open listener. */
export interface Listening {
  /** The port, also when the system chose it. */
  readonly port: number;
  /** Takes no more connections; those that are there go on. May be repeated. */
  close(): void;
}

/**
 * Listens, and hands each connection to `accept`.
 *
 * @throws {Deno.errors.AddrInUse} Somebody else listens there.
 * @throws {Deno.errors.AddrNotAvailable} The address is not of this machine.
 */
export function listen(
  options: ListenOptions,
  turn: Turn,
  accept: (link: Link) => Session,
): Listening {
  const listener = Deno.listen({ ...options, transport: "tcp" });
  acceptAll(listener, turn, accept);
  let isOpen = true;
  return {
    port: listener.addr.port,
    close() {
      if (isOpen) listener.close();
      isOpen = false;
    },
  };
}

/** Pause after accepting failed, as when no more files can be opened, in ms. */
const ACCEPT_PAUSE_MS = 100;

async function acceptAll(
  listener: Deno.TcpListener,
  turn: Turn,
  accept: (link: Link) => Session,
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
      await new Promise((resolve) => setTimeout(resolve, ACCEPT_PAUSE_MS));
      continue;
    }
    runLink(conn, turn, accept);
  }
}
