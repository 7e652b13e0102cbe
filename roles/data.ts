/**
 * The data node: stores what heads send it.
 *
 * 1. It makes its directory its own: a lock, an id, and whatever it stored
 *    before, checked.
 * 2. It calls every head, and calls again for as long as one is absent.
 * 3. Each message becomes a line of `data.txt`, synced to disk before
 *    `recibido` goes back.
 *
 * @module
 */

import { DataCore } from "../lib/data/core.ts";
import { TwinWatch } from "../lib/data/twin_watch.ts";
import { newDialer } from "../lib/system/dial.ts";
import { cannotOpenFile, StartError } from "../lib/system/start_error.ts";
import { CONTENTS_FILE, ContentsError } from "../lib/store/contents.ts";
import { DenoDisk } from "../lib/system/deno_disk.ts";
import type { Disk } from "../lib/store/disk.ts";
import type { Recovery } from "../lib/store/journal_opening.ts";
import type { NodeDirectory } from "../lib/system/node_directory.ts";
import { dataEvents, tellRecovery } from "./data_events.ts";
import {
  every,
  newDrain,
  newEnding,
  type RoleContext,
  type Running,
} from "./running.ts";

/** How a data node is started. */
export interface DataRoleOptions {
  /** Every head to join, each `host:port`. */
  readonly heads: readonly string[];
  /** The directory of `data.txt`; it is this process's to its end. */
  readonly directory: NodeDirectory;
  /** Whether messages reach the disk before they are acknowledged. */
  readonly sync: boolean;
  /** From one scrub to the next, in ms; Infinity: none. */
  readonly scrubIntervalMs: number;
  /** Instead of the directory itself: a test's, which fails as told. */
  readonly disk?: Disk | undefined;
}

/**
 * Starts a data node.
 *
 * @throws {StartError} What it has stored cannot be opened.
 */
export function startData(
  options: DataRoleOptions,
  context: RoleContext,
): Running {
  const { clock, turn, log } = context;
  const { directory } = options;
  const ending = newEnding();
  const registry = log.file("registro_data.txt");
  const events = log.events(registry);
  const core = new DataCore({
    nodeId: directory.id,
    heads: options.heads,
    scrubIntervalMs: options.scrubIntervalMs,
  }, {
    clock,
    turn,
    random: context.random,
    strongRandom: context.strongRandom,
    dialer: newDialer(turn),
    disk: options.disk ?? new DenoDisk(directory.path, options.sync),
    events: dataEvents(context, registry, {
      heads: options.heads,
      directory: directory.path,
      twins: (): TwinWatch => twins,
      end: (failure) => ending.end(failure),
    }),
  });
  const twins = new TwinWatch(core.life);
  tellRecovery(events, directory, openStore(), core);
  if (!options.sync) {
    events.warning(
      "--sync never: a power cut loses messages that were acknowledged",
    );
  }
  core.start();
  let isDrained: (() => boolean) | undefined;

  ending.onEnd(every(() => {
    core.tickClock();
    log.tick();
    if (isDrained?.() === true) ending.end(whatIsLeft());
  }));
  ending.onEnd(() => {
    // The lock stays: what is still being written must not meet another
    // process. The kernel takes it back when this one is gone.
    core.noteEnd();
    events.info("dataNode ended");
  });

  return {
    done: ending.done,
    drain() {
      events.info("Draining: no new messages, then the end");
      core.drain();
      isDrained = newDrain(clock, {
        isIdle: () => core.idle,
        close: () => core.close(),
        isClosed: () => core.heads === 0,
      });
    },
  };

  function openStore(): Recovery {
    try {
      return core.open();
    } catch (error) {
      directory.close();
      if (error instanceof ContentsError) {
        throw new StartError(
          `Cannot read '${directory.path}/${CONTENTS_FILE}': ` +
            `${error.message}; mend it, or move it away: then what is missing ` +
            "by now is not noticed",
          { cause: error },
        );
      }
      throw cannotOpenFile(`${directory.path}/data.txt`, error);
    }
  }

  /** What the drain did not finish in time, if anything. */
  function whatIsLeft(): string | undefined {
    return core.stored
      ? undefined
      : "the disk did not finish in time; what was not synced was not " +
        "acknowledged";
  }
}
