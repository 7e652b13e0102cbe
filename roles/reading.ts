/**
 * The client that reads: prints every message that the data nodes hold, each
 * once, each client's in order, or tells where one message is kept.
 *
 * Messages go to standard output, and nothing else does. When some may be
 * missing it says what and why, prints the others, and ends with 1.
 *
 * @module
 */

import { lineFilter, type Wanted } from "../lib/reader/filter.ts";
import {
  csvHeader,
  idOf,
  lineWriter,
  type ReadFormat,
} from "../lib/reader/format.ts";
import { read } from "../lib/reader/reader.ts";
import { bytesOf } from "../lib/wire/ascii.ts";
import { ByteQueue } from "../lib/wire/byte_queue.ts";
import { writeAllSync } from "../lib/write_all.ts";
import {
  newEnding,
  newHopelessness,
  type RoleContext,
  type Running,
} from "./running.ts";

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
  const isHopeless = newHopelessness(clock, options.to);
  const isWanted = lineFilter(options);
  const write = lineWriter(options.format, Deno.stdout.isTerminal());
  const out = new ByteQueue();
  const homes: string[] = [];
  let hasConnected = false;
  let isAway = false;

  const reader = read({
    to: options.to,
    follow: options.follow,
    events: {
      connected() {
        hasConnected = true;
        isAway = false;
      },
      lost(address, reason) {
        if (!hasConnected && isHopeless(address, reason)) {
          ending.end(`Cannot find ${address}: ${reason}`);
        } else if (!isAway) {
          isAway = true;
          events.warning(
            `No connection to ${address}: ${reason}; calling again until ` +
              "there is one",
          );
        }
      },
      missing: (reason) => events.warning(reason),
      copy: options.where === undefined
        ? undefined
        : ({ id, address }, line) => {
          if (options.where === idOf(line)) homes.push(`${address} (${id})`);
        },
    },
  });
  const ending = newEnding(() => reader.close());
  printAll().then(() => ending.end(whatIsWrong()));

  return { done: ending.done, drain: () => ending.end() };

  async function printAll(): Promise<void> {
    if (options.where === undefined && options.format === "csv") {
      out.append(bytesOf(csvHeader));
    }
    for (let isMore = true; isMore;) {
      isMore = await reader.visit((line) => {
        if (options.where === undefined && isWanted(line)) write(out, line);
      });
      if (!print()) return;
    }
    for (const home of homes) out.append(bytesOf(`${home}\n`));
    print();
  }

  /** @returns False when nobody reads on, as with `| head`. */
  function print(): boolean {
    try {
      writeAllSync(Deno.stdout, out.view());
      out.clear();
      return true;
    } catch {
      return false;
    }
  }

  function whatIsWrong(): string | undefined {
    if (reader.missing.length > 0) {
      return "Messages may be missing, as told above";
    }
    return options.where !== undefined && homes.length === 0
      ? `No dataNode has a message ${options.where}`
      : undefined;
  }
}
