/**
 * What a data node tells of itself, as lines of its logs.
 *
 * @module
 */

import { textOf } from "../lib/base/ascii.ts";
import { counted } from "../lib/base/counted.ts";
import { Fifo } from "../lib/base/fifo.ts";
import { readU32 } from "../lib/base/little_endian.ts";
import type { DataCore } from "../lib/data/core.ts";
import type { DataEvents } from "../lib/data/events.ts";
import type { TwinWatch } from "../lib/data/twin_watch.ts";
import { CONTENTS_FILE } from "../lib/store/contents.ts";
import type { Loss } from "../lib/store/listing.ts";
import type { Recovery } from "../lib/store/journal_opening.ts";
import { parseAddress } from "../lib/system/address.ts";
import type { EventLog } from "../lib/system/log.ts";
import type { LogFile } from "../lib/system/log/log_file.ts";
import type { NodeDirectory } from "../lib/system/node_directory.ts";
import { MESSAGE_HEADER_BYTES } from "../lib/wire/client_frames.ts";
import { escapedText } from "../lib/wire/escape.ts";
import { newHopelessness, type RoleContext, whatNext } from "./running.ts";

/** What these lines need to know of the role, and may do to it. */
export interface DataEventsHost {
  /** Every head to join, each `host:port`. */
  readonly heads: readonly string[];
  /** Where `data.txt` is. */
  readonly directory: string;
  /** Asked only once the data node runs. */
  twins(): TwinWatch;
  /** Ends the role, for the reason given. */
  end(failure: string): void;
}

/** Writes the lines of a data node to `registry` and the console. */
export function dataEvents(
  { clock, log }: RoleContext,
  registry: LogFile,
  host: DataEventsHost,
): DataEvents {
  const { directory } = host;
  const events = log.events(registry);
  const isHopeless = newHopelessness(clock, host.heads);
  let hasJoined = false;
  /** Lines about messages that are not on disk yet. */
  const unsynced = new Fifo<
    { readonly commit: number; readonly text: string }
  >();
  /** Heads that are away, so that each absence is told once. */
  const away = new Set<string>();

  return {
    headJoined(address, encoding) {
      hasJoined = true;
      away.delete(address);
      // As the program of 2019 said it, where its log is compared with ours.
      const head = parseAddress(address);
      registry.line(`Conexion establecida con ('${head.host}', ${head.port})`);
      registry.line("confirmacion");
      host.twins().joined(address);
      events.info(`Joined head ${address} (${encoding})`);
    },
    twinMet(address, reason, otherLife) {
      if (!host.twins().met(address, otherLife, clock.nowMs())) return;
      host.end(
        `Cannot ${hasJoined ? "stay" : "join"}: ${reason}, and stays there. ` +
          "Two data nodes have copies of one directory; give this one a " +
          "directory of its own (--dir)" +
          (hasJoined
            ? "; what it has stored since the copy was made is in " +
              `'${directory}' alone: remove node.id from there, and it ` +
              "comes back with all of it as another dataNode"
            : ""),
      );
    },
    headLost(address, reason) {
      if (!hasJoined && isHopeless(address, reason)) {
        host.end(`Cannot find head ${address}: ${reason}`);
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
      const text = `Scrub ended: ${(bytes / 1024 / 1024).toFixed(1)} MiB read` +
        (furtherDamages > 0
          ? `, ${counted(furtherDamages, "stretch")} more damaged`
          : "");
      if (unread === undefined) {
        events.info(text);
      } else {
        events.error(
          `${text}, ${unread.bytes} bytes could not be read ` +
            `(${unread.reason}): look at the disk of '${directory}'`,
        );
      }
    },
    outrun: (bytes) =>
      events.error(
        `${bytes} bytes of records are gone that were here: an older copy of ` +
          `'${directory}' was put back, or files were removed; heads ` +
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

/**
 * Tells what was found in the directory at the start.
 *
 * @param core Has opened its store.
 */
export function tellRecovery(
  events: EventLog,
  directory: NodeDirectory,
  recovery: Recovery,
  core: DataCore,
): void {
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
