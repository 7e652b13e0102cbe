/**
 * The client of both activities: sends messages to a server or a head, and
 * writes down every answer.
 *
 * 1. It calls its peer, and calls again for as long as there is none.
 * 2. It sends `numero random: N` at once and then on every interval, or the
 *    text it was given, or every line of standard input.
 * 3. Each answer is a line of `respuestas.txt` (a server's) or
 *    `registro_cliente.txt` (a head's). A connection that is lost is made
 *    again, and what was not answered is sent again.
 *
 * It has done its work when all that it was to send is sent and answered: a
 * signal that comes before the end of standard input, or of `--count`, makes it
 * fail. Without such an end of its own, a signal is how it ends.
 *
 * @module
 */

import { counted } from "../lib/base/counted.ts";
import {
  type Client,
  connect,
  type Receipt,
  RejectedError,
} from "../lib/library/client.ts";
import { ClosedError } from "../lib/library/closed_error.ts";
import type { PeerChoice } from "../lib/client/context.ts";
import type { PeerRole } from "../lib/client/events.ts";
import { whyWrongPeer } from "../lib/client/wrong_peer.ts";
import { newClientId } from "../lib/base/random_names.ts";
import { DRAIN_MS_MAX, MESSAGE_BYTES_MAX } from "../lib/base/limits.ts";
import type { LogFile } from "../lib/system/log/log_file.ts";
import type { Random } from "../lib/base/ports.ts";
import { StartError } from "../lib/system/start_error.ts";
import { escapedText } from "../lib/wire/escape.ts";
import { bytesOf } from "../lib/base/ascii.ts";
import { readLines, TOO_LONG } from "./lines.ts";
import { PeerWatch } from "./peer_watch.ts";
import { Progress } from "./progress.ts";
import { every, newEnding, type RoleContext, type Running } from "./running.ts";

/** Where a client's messages come from. */
export type MessageSource =
  /** `numero random: N`, N uniform over 0 to 100. */
  | { readonly kind: "random" }
  /** The same text every time. */
  | { readonly kind: "text"; readonly text: string }
  /** The lines of a stream. */
  | { readonly kind: "lines"; readonly stream: ReadableStream<Uint8Array> };

/** How a client is started. */
export interface ClientRoleOptions {
  readonly to: readonly string[];
  /** Begins its id. */
  readonly name?: string | undefined;
  readonly peer: PeerChoice;
  readonly source: MessageSource;
  /** Between two messages, in ms; 0 waits for the answer instead. */
  readonly intervalMs: number;
  /** Messages to send; undefined goes on until it is stopped. */
  readonly count?: number | undefined;
}

/** Messages without an answer past which no more are made up. */
const UNANSWERED_MAX = 1_000;

/** Starts a client. */
export function startClient(
  options: ClientRoleOptions,
  context: RoleContext,
): Running {
  const { clock, log } = context;
  const ending = newEnding();
  const events = log.events();
  let peerRole: PeerRole | undefined;
  let answerFile: LogFile | undefined;
  const progress = new Progress(options.count);
  /** Messages that could not be stored, and were not told of yet; and why. */
  let postponed = 0;
  let postponedReason = "";
  let postponedToldMs = -Infinity;
  let isDraining = false;
  let hasSentAll = false;
  const stopReading = new AbortController();
  /** Wakes whoever waits for the next moment to send. */
  let wake: (() => void) | undefined;

  const watch = new PeerWatch({
    clock,
    events,
    to: options.to,
    isUseless: (reason) =>
      options.peer !== "auto" && reason === whyWrongPeer(options.peer),
  });
  const client: Client = connect({
    to: options.to,
    clientId: clientIdOf(options.name, context.strongRandom),
    peer: options.peer,
    events: {
      connected(address, role, encoding) {
        watch.connected();
        answerFile = openAnswers(role);
        // As the program of 2019 began its file.
        answerFile?.line("confirmacion");
        peerRole = role;
        events.info(`Connected to ${role} ${address} (${encoding})`);
      },
      lost(address, reason) {
        const useless = watch.lost(address, reason, isDraining);
        if (useless !== undefined) ending.end(useless);
      },
      postponed(count, reason) {
        postponed += count;
        postponedReason = reason;
      },
      silent(address, waitedMs) {
        events.warning(
          `No answer from ${peerRole} ${address} for ${seconds(waitedMs)} to ` +
            `${counted(client.unanswered, "message")}; still waiting`,
        );
      },
      answering(address, waitedMs) {
        events.info(
          `${peerRole} ${address} answers again, after ${seconds(waitedMs)}`,
        );
      },
    },
  });
  ending.onEnd(every(() => {
    log.tick();
    tellPostponed();
  }));
  ending.onEnd(() => void client.close());

  sendAll().then(
    () => ending.end(progress.failure(client.unanswered)),
    (error) => {
      if (error instanceof ClosedError) throw error;
      ending.end(`Cannot read messages: ${error.message}`);
    },
  );

  return {
    done: ending.done,
    drain() {
      isDraining = true;
      const messages = counted(client.unanswered, "message");
      events.info(`Draining: ${messages} unanswered, then the end`);
      progress.cutBefore = whatIsAhead();
      stopReading.abort();
      wake?.();
      const timer = setTimeout(
        () => ending.end(progress.failure(client.unanswered)),
        DRAIN_MS_MAX,
      );
      ending.done.then(() => clearTimeout(timer));
    },
  };

  /** The file of this peer's answers; without it there is nothing to do. */
  function openAnswers(role: PeerRole): LogFile | undefined {
    try {
      return log.file(
        role === "server" ? "respuestas.txt" : "registro_cliente.txt",
      );
    } catch (error) {
      if (!(error instanceof StartError)) throw error;
      ending.end(error.message);
      return undefined;
    }
  }

  async function sendAll(): Promise<void> {
    const { source } = options;
    if (source.kind === "lines") await sendLines(source.stream);
    else await sendOnInterval(() => messageOf(source));
    hasSentAll = true;
    await client.flush();
  }

  /** What a signal comes before now, if there is an end to come to. */
  function whatIsAhead(): string | undefined {
    if (hasSentAll) return undefined;
    if (options.source.kind === "lines") return "the end of standard input";
    return progress.sent < (options.count ?? 0) ? "all was sent" : undefined;
  }

  async function sendOnInterval(message: () => string): Promise<void> {
    const count = options.count ?? Infinity;
    while (progress.sent < count && !isDraining) {
      // With a peer that is away, messages would only pile up.
      const answered = client.unanswered < UNANSWERED_MAX
        ? send(message())
        : undefined;
      if (options.intervalMs === 0) await answered;
      else if (progress.sent < count) await pause(options.intervalMs);
    }
  }

  async function sendLines(stream: ReadableStream<Uint8Array>): Promise<void> {
    let taken = 0;
    for await (const line of readLines(stream, stopReading.signal)) {
      if (line === TOO_LONG) {
        progress.rejected++;
        events.error(
          `Cannot send a line of more than ${MESSAGE_BYTES_MAX} bytes`,
        );
      } else {
        const answered = send(line);
        if (client.unanswered >= UNANSWERED_MAX) await answered;
      }
      if (++taken === options.count) {
        // Lines that were read before a signal came are sent after it.
        progress.cutBefore = undefined;
        return;
      }
    }
  }

  async function send(message: string | Uint8Array): Promise<void> {
    progress.sent++;
    try {
      const receipt = await client.send(message);
      progress.answered++;
      tellAnswer(message, receipt);
    } catch (error) {
      if (error instanceof RejectedError) {
        progress.rejected++;
        events.error(error.message);
      } else if (!(error instanceof ClosedError) || error.cause !== undefined) {
        // Not because the role ends: a bug of ours.
        throw error;
      }
    }
  }

  function tellAnswer(message: string | Uint8Array, receipt: Receipt): void {
    const { text, id, holders } = receipt;
    if (peerRole === "server") answerFile?.line(`Servidor recibio: ${text}`);
    else answerFile?.line(holders.length === 0 ? text : `${text} (${id})`);
    if (!log.showsMessage()) return;
    const bytes = typeof message === "string" ? bytesOf(message) : message;
    log.message(
      peerRole === "server"
        ? `Servidor recibio: ${text}`
        : `${escapedText(bytes)} -> ${text}`,
    );
  }

  /** A full disk refuses message by message; once a second is enough. */
  function tellPostponed(): void {
    if (postponed === 0 || clock.nowMs() - postponedToldMs < 1_000) return;
    postponedToldMs = clock.nowMs();
    const messages = counted(postponed, "message");
    events.warning(`${messages} not stored, sent again: ${postponedReason}`);
    postponed = 0;
  }

  function pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/**
 * A new id in any case: under one that was used before, the numbers of
 * messages would begin again, and each would pass for one that is known.
 */
function clientIdOf(name: string | undefined, random: Random): string {
  const id = newClientId(random);
  return name === undefined ? id : `${name}.${id}`;
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}

function messageOf(
  source: Exclude<MessageSource, { kind: "lines" }>,
): string {
  if (source.kind === "text") return source.text;
  return `numero random: ${Math.floor(Math.random() * 101)}`;
}
