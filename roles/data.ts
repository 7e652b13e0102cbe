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

import { counted } from "../lib/base/counted.ts";
import { DataCore } from "../lib/data/core.ts";
import type { DataEvents } from "../lib/data/events.ts";
import { TwinWatch } from "../lib/data/twin_watch.ts";
import { Fifo } from "../lib/base/fifo.ts";
import { parseAddress } from "../lib/system/address.ts";
import { newDialer } from "../lib/system/dial.ts";
import { escapedText } from "../lib/wire/escape.ts";
import { cannotOpenFile, StartError } from "../lib/system/start_error.ts";
import { CONTENTS_FILE, ContentsError } from "../lib/store/contents.ts";
import type { Loss } from "../lib/store/listing.ts";
import { DenoDisk } from "../lib/system/deno_disk.ts";
import type { Disk } from "../lib/store/disk.ts";
import type { Recovery } from "../lib/store/journal_opening.ts";
import type { NodeDirectory } from "../lib/system/node_directory.ts";
import { textOf } from "../lib/base/ascii.ts";
import { MESSAGE_HEADER_BYTES } from "../lib/wire/client_frames.ts";
import { readU32 } from "../lib/base/little_endian.ts";
import {
  every,
  newDrain,
  newEnding,
  newHopelessness,
  type RoleContext,
  type Running,
  whatNext,
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
  const registry = log.file("registro_data.txt");
  const events = log.events(registry);
  const isHopeless = newHopelessness(clock, options.heads);
  let hasJoined = false;
  /** Lines about messages that are not on disk yet. */
  const unsynced = new Fifo<
    { readonly commit: number; readonly text: string }
  >();
  /** Heads that are away, so that each absence is told once. */
  const away = new Set<string>();

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
    events: tellEvents(),
  });
  const twins = new TwinWatch(core.life);
  tellRecovery(openStore());
  if (!options.sync) {
    events.warning(
      "--sync never: a power cut loses messages that were acknowledged",
    );
  }
  core.start();
  let isDrained: (() => boolean) | undefined;

  const stopTicking = every(() => {
    core.tickClock();
    log.tick();
    if (isDrained?.() === true) ending.end(whatIsLeft());
  });
  const ending = newEnding(() => {
    stopTicking();
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

  function tellRecovery(recovery: Recovery): void {
    const { records, tornBytes, wasTornLater, damages, furtherDamages } =
      recovery;
    const { losses, doubt } = recovery;
    if (directory.formerId !== undefined) {
      events.warning(
        `The records of dataNode ${directory.formerId} are gone from ` +
          `'${directory.path}': it is a new dataNode, ${directory.id}`,
      );
    }
    events.info(
      `dataNode ${directory.id} in '${directory.path}', ` +
        `${counted(records, "record")} in data.txt`,
      { node: directory.id, records },
    );
    if (tornBytes > 0) {
      events.warning(
        `data.txt ended in a torn line of ${tornBytes} bytes, which ` +
          (wasTornLater
            ? "was longer, and may have been acknowledged"
            : "was never acknowledged") +
          "; it was cut off",
      );
    }
    for (const { segment, offset, length, file } of damages) {
      events.error(
        `${segment} is damaged at offset ${offset}: ${length} bytes are no ` +
          `record; ${copyIn(file)}, the rest is served`,
        { offset, length },
      );
    }
    if (furtherDamages > 0) {
      events.error(
        `${counted(furtherDamages, "stretch")} more are damaged; ` +
          "they stand where they are, without copies",
      );
    }
    for (const loss of losses) events.error(wordsOf(loss), detailsOf(loss));
    const known = core.losses.length - losses.length;
    if (known > 0) {
      events.warning(
        `What was lost before is not found elsewhere yet: see '` +
          `${directory.path}/${CONTENTS_FILE}'`,
        { bytes: core.lostBytes },
      );
    }
    if (doubt !== undefined) {
      events.error(
        `It is not certain that all of data.txt is on disk (${doubt}): it is ` +
          "served, and what is sent again is stored again",
      );
    }
  }

  function tellEvents(): DataEvents {
    return {
      headJoined(address, encoding) {
        hasJoined = true;
        away.delete(address);
        // As the program of 2019 said it, where its log is compared with ours.
        const { host, port } = parseAddress(address);
        registry.line(`Conexion establecida con ('${host}', ${port})`);
        registry.line("confirmacion");
        twins.joined(address);
        events.info(`Joined head ${address} (${encoding})`);
      },
      twinMet(address, reason, otherLife) {
        if (!twins.met(address, otherLife, clock.nowMs())) return;
        ending.end(
          `Cannot ${
            hasJoined ? "stay" : "join"
          }: ${reason}, and stays there. ` +
            "Two data nodes have copies of one directory; give this one a " +
            "directory of its own (--dir)" +
            (hasJoined
              ? "; what it has stored since the copy was made is in " +
                `'${directory.path}' alone: remove node.id from there, and it ` +
                "comes back with all of it as another dataNode"
              : ""),
        );
      },
      headLost(address, reason) {
        if (!hasJoined && isHopeless(address, reason)) {
          ending.end(`Cannot find head ${address}: ${reason}`);
        } else if (!away.has(address)) {
          away.add(address);
          registry.line("Servidor no conecta.");
          events.warning(
            `No connection to head ${address}: ${reason}; ` +
              whatNext(reason, hasJoined),
          );
        }
      },
      appended(header, messages, from, count, commit) {
        if (!log.showsMessage()) return;
        const id = `${textOf(header.clientId)}-${header.firstSequence}`;
        const start = from + MESSAGE_HEADER_BYTES;
        const end = start + readU32(messages, from);
        const text = count > 1
          ? `${id}..${header.firstSequence + count - 1} appended`
          : `${id} mensaje: ${escapedText(messages, start, end)}`;
        unsynced.push({ commit, text });
      },
      committed(commit, failure) {
        // Told once it is true, and not at all if it never was.
        while (unsynced.length > 0 && unsynced.at(0)!.commit <= commit) {
          const { text } = unsynced.shift()!;
          if (failure === undefined) log.message(text);
        }
      },
      sealed(name, reason) {
        if (reason === undefined) {
          events.info(`data.txt is full: now '${name}'`);
        } else {
          events.error(
            `data.txt is not trusted any more (${reason}): now '${name}', ` +
              "with what was synced before",
          );
        }
      },
      damaged: ({ segment, offset, length, file }) =>
        events.error(
          `Scrub: ${segment} is damaged at offset ${offset}: ${length} bytes ` +
            `are no record any more; ${copyIn(file)}, and heads look for the ` +
            "record elsewhere",
          { offset, length },
        ),
      scrubbed(bytes, furtherDamages, unread) {
        const text =
          `Scrub ended: ${(bytes / 1024 / 1024).toFixed(1)} MiB read` +
          (furtherDamages > 0
            ? `, ${counted(furtherDamages, "stretch")} more damaged`
            : "");
        if (unread === undefined) {
          events.info(text);
        } else {
          events.error(
            `${text}, ${unread.bytes} bytes could not be read ` +
              `(${unread.reason}): look at the disk of '${directory.path}'`,
          );
        }
      },
      outrun: (bytes) =>
        events.error(
          `${bytes} bytes of records are gone that were here: an older copy of ` +
            `'${directory.path}' was put back, or files were removed; heads ` +
            "look for the records elsewhere",
        ),
      peersUnread: (reason) =>
        events.error(
          `Cannot read which other dataNodes there are in ${reason}`,
        ),
      lost: (loss) => events.error(wordsOf(loss), detailsOf(loss)),
      diskFailed: (reason, wasAsked) =>
        events.error(
          `Cannot write data.txt: ${reason}; ` +
            (wasAsked
              ? "answered not-stored"
              : "nothing is stored until that is mended"),
        ),
    };
  }
}

function copyIn(file: string | undefined): string {
  return file === undefined
    ? "no copy of them could be made"
    : `a copy of them is in '${file}'`;
}

/** What was lost, and what becomes of it. */
function wordsOf({ how, name, bytes }: Loss): string {
  const what = how === "missing"
    ? `${name} is gone` + (bytes > 0 ? `, with ${bytes} bytes` : "")
    : how === "short"
    ? `${name} lacks ${bytes} bytes that were on disk`
    : `${name} is not the file that was written here`;
  return `${what}; what it held is missing unless another dataNode has it, ` +
    "and heads look for it";
}

function detailsOf({ how, name, bytes }: Loss) {
  return { lost: name, how, bytes };
}
