/**
 * The client that reads: prints every message that the data nodes hold, each
 * once, each client's in order, or tells where one message is kept.
 *
 * Messages go to standard output, and nothing else does. When some may be
 * missing it says what and why, prints the others, and ends with 1; so it does
 * when they cannot be written, or a signal ends it before it has read all.
 *
 * @module
 */

import { DRAIN_MS_MAX } from "../lib/base/limits.ts";
import { KEEPS_NOTHING } from "../lib/reader/core.ts";
import { lineFilter, type Wanted } from "../lib/library/filter.ts";
import {
  csvHeader,
  idOf,
  lineWriter,
  type ReadFormat,
} from "../lib/library/format.ts";
import { read } from "../lib/library/reader.ts";
import { visible } from "../lib/wire/visible.ts";
import { bytesOf } from "../lib/base/ascii.ts";
import { ByteQueue } from "../lib/base/byte_queue.ts";
import { writeOut } from "./output.ts";
import { PeerWatch } from "./peer_watch.ts";
import { every, newEnding, type RoleContext, type Running } from "./running.ts";

/**
 * Time after `--until` for what came before to be stored, in ms, so that who
 * follows until then sees it.
 */
const STORED_MS_MAX = 2_000;

/** What is read, and how it is printed. */
export interface ReadingOptions extends Wanted {
  readonly to: readonly string[];
  readonly follow: boolean;
  readonly format: ReadFormat;
  /** Tell where the message with this id is, instead of printing any. */
  readonly where?: string | undefined;
}

/** Starts a read-back. */
export function startReading(
  options: ReadingOptions,
  { clock, log }: RoleContext,
): Running {
  const events = log.events();
  const watch = new PeerWatch({
    clock,
    events,
    to: options.to,
    isUseless: (reason) => reason === KEEPS_NOTHING,
  });
  const isWanted = lineFilter(options);
  const write = lineWriter(options.format, Deno.stdout.isTerminal());
  const ending = newEnding();
  const out = new ByteQueue();
  /** Lines about copies that are not printed yet, and how many there were. */
  const homes: string[] = [];
  let homesFound = 0;
  /** Whether a signal asks for the end, and came before it. */
  let isInterrupted = false;
  let hasReadAll = false;

  const reader = read({
    to: options.to,
    follow: options.follow,
    events: {
      connected(address) {
        const { isAway } = watch;
        const again = watch.connected() ? " again" : "";
        // That it is there needs no word, unless it was told to be away.
        if (isAway) events.warning(`Connected to ${address}${again}`);
      },
      lost(address, reason) {
        const useless = watch.lost(address, reason);
        if (useless !== undefined) ending.end(useless);
      },
      missing: (reason) => events.warning(reason),
      noticed: (notice) => events.warning(notice),
      copy: options.where === undefined
        ? undefined
        : ({ id, address }, line) => {
          if (options.where !== idOf(line)) return;
          homesFound++;
          homes.push(visible(`${address} (${id})`));
        },
    },
  });
  // What came before `--until` may still be on its way to a disk.
  const untilMs = (options.untilMs ?? Infinity) + STORED_MS_MAX;
  ending.onEnd(every(() => {
    if (options.follow && clock.wallMs() >= untilMs) reader.stopFollowing();
  }));
  ending.onEnd(() => void reader.close());
  printAll().then(
    () => ending.end(whatIsWrong()),
    ({ message }: Error) => ending.end(message),
  );

  return {
    done: ending.done,
    drain() {
      isInterrupted = !hasReadAll;
      // What was taken is still written, if somebody takes it.
      reader.close();
      const timer = setTimeout(
        () => ending.end("What was read could not be written in time"),
        DRAIN_MS_MAX,
      );
      ending.done.then(() => clearTimeout(timer));
    },
  };

  /** Until all is printed, or nobody reads on. @throws It cannot be written. */
  async function printAll(): Promise<void> {
    if (options.where === undefined && options.format === "csv") {
      out.append(bytesOf(csvHeader));
    }
    for (let isMore = true; isMore;) {
      isMore = await reader.visit((line) => {
        if (options.where === undefined && isWanted(line)) write(out, line);
      });
      hasReadAll = !isMore && !isInterrupted;
      for (const home of homes.splice(0)) out.append(bytesOf(`${home}\n`));
      if (!await writeOut(out.view())) return;
      out.clear();
    }
  }

  function whatIsWrong(): string | undefined {
    if (isInterrupted && !options.follow) {
      return "Ended by a signal before everything was read";
    }
    if (reader.missing.length > 0) {
      return "Messages may be missing, as told above";
    }
    // Only a signal ends a follower; but what it does not hear of, it misses.
    if (isInterrupted && (!watch.hasConnected || watch.isAway)) {
      return "Ended by a signal without a connection: messages may be missing";
    }
    return options.where !== undefined && homesFound === 0
      ? `No dataNode has a message ${options.where}`
      : undefined;
  }
}
