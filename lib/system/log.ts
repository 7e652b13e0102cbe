/**
 * Logging: events go to the console and to the role's files; so do lines of
 * messages, as many of them as each can take, and the count of the others.
 *
 * This is the only module that knows the logging library.
 *
 * @module
 */

import {
  configureSync,
  getLevelFilter,
  getLogger,
  type LogRecord,
  withFilter,
} from "npm:@logtape/logtape@2.4.2";
import { counted } from "../base/counted.ts";
import { Console } from "./log/console.ts";
import { jsonLine, textLine } from "./log/console_line.ts";
import { LineBudget } from "./log/line_budget.ts";
import { LogFile } from "./log/log_file.ts";
import type { Clock, Turn } from "../base/ports.ts";
import { cannotOpenFile } from "./start_error.ts";

/** Lines about messages that a console shows each second. */
const CONSOLE_MESSAGES_PER_SECOND = 20;

/**
 * Lines about messages that a head's log gets each second: more than people
 * make. A hundred busy clients would make ten gigabytes of them in an hour.
 */
const LOG_MESSAGES_PER_SECOND = 1_000;

/** How a process logs. */
export interface LogOptions {
  /** Shown in front of every line of the console. */
  readonly role: string;
  /** Where the files go; it exists. */
  readonly directory: string;
  /** What the console gets. */
  readonly format: LogFormat;
  /** The least that the console gets; files get everything. */
  readonly level: LogLevel;
  /** Whether the console may be coloured. */
  readonly color: boolean;
  /** Where console lines go; standard output may be needed for data. */
  readonly console: "stdout" | "stderr";
}

/** The console formats, as `--log-format` names them. */
export const logFormats = ["text", "json"] as const;
/** See {@linkcode logFormats}. */
export type LogFormat = typeof logFormats[number];

/** The console levels, as `--log-level` names them. */
export const logLevels = ["info", "warning", "error"] as const;
/** See {@linkcode logLevels}. */
export type LogLevel = typeof logLevels[number];

/** Facts of an event, for `--log-format json`. */
export type LogProperties = Record<string, string | number | boolean>;

/** Events of one kind: they go to the console and to one file. */
export interface EventLog {
  info(text: string, properties?: LogProperties): void;
  warning(text: string, properties?: LogProperties): void;
  error(text: string, properties?: LogProperties): void;
}

/** The log of a process. */
export interface Log {
  /** A file of the log directory. @throws {StartError} It cannot be opened. */
  file(name: string): LogFile;
  /** Events that go to the console, and to the file if one is given. */
  events(file?: LogFile): EventLog;
  /**
   * Whether the console should show so many lines more about messages this
   * second, one by default. If not, they are counted, and the count is shown
   * when the second is over.
   */
  showsMessage(lines?: number): boolean;
  /** Shows a message that {@linkcode showsMessage} agreed to. */
  message(text: string): void;
  /**
   * The budget for lines about messages in a file, of which there is one; it
   * gets the count of those that were left out.
   *
   * @returns Whether the file should get so many lines more this second.
   */
  lineBudgetOf(file: LogFile): (lines: number) => boolean;
  /** To be called every `TICK_MS`. */
  tick(): void;
  /** Opens every file anew, since somebody has given the old ones other names. */
  reopen(): void;
  /** Writes what has gathered, in front of an exit that cannot wait. */
  flush(): void;
  /** Flushes, and gives a slow console a moment to show the last lines. */
  close(): Promise<void>;
}

/** Time for a console to show the last lines before an exit, in ms. */
const CONSOLE_MS_MAX = 1_000;

/** Between two looks whether files are still those of their names, in ms. */
const LOOK_MS = 500;

/** Category of events without a file. */
const CONSOLE_ONLY = "console";

/** Opens the log of this process; there is one. */
export function openLog(
  options: LogOptions,
  ports: { readonly clock: Clock; readonly turn: Turn },
): Log {
  const files = new Map<string, LogFile>();
  const format = options.format === "json" ? jsonLine : textLine;
  const screen = new Console(
    options.console === "stdout" ? Deno.stdout : Deno.stderr,
    (lines) =>
      format({
        timestamp: ports.clock.wallMs(),
        level: "warning",
        text: `… and ${counted(lines, "line")} that the console did not take ` +
          "in time",
        properties: {},
      }, options),
  );

  configureSync({
    reset: true,
    sinks: {
      // A level of the logger would keep records from the files as well.
      console: withFilter(
        (record) =>
          screen.line(format({ ...record, text: textOf(record) }, options)),
        getLevelFilter(options.level),
      ),
      file(record) {
        const name = record.category.at(-1)!;
        files.get(name)?.line(textOf(record));
      },
    },
    loggers: [
      {
        category: ["sd-node", options.role],
        sinks: ["console", "file"],
        lowestLevel: "info",
      },
      { category: ["logtape", "meta"], lowestLevel: "fatal" },
    ],
  });

  function events(category: string): EventLog {
    const logger = getLogger(["sd-node", options.role, category]);
    const emit =
      (level: LogLevel) => (text: string, properties: LogProperties = {}) =>
        logger.emit({
          level,
          message: [text],
          rawMessage: text,
          timestamp: ports.clock.wallMs(),
          properties,
        });
    return {
      info: emit("info"),
      warning: emit("warning"),
      error: emit("error"),
    };
  }

  const console = events(CONSOLE_ONLY);
  const shown = new LineBudget(CONSOLE_MESSAGES_PER_SECOND);
  const listed = new Map<LogFile, LineBudget>();

  function tellLeftOut(nowMs: number): void {
    const hidden = shown.tick(nowMs);
    if (hidden > 0) console.info(`… and ${counted(hidden, "line")} more`);
    for (const [file, budget] of listed) {
      const left = budget.tick(nowMs);
      if (left === 0) continue;
      file.line(`… and ${counted(left, "line")} more about messages`);
    }
  }

  let lookedMs = -Infinity;

  function lookAtFiles(nowMs: number): void {
    if (nowMs - lookedMs < LOOK_MS) return;
    lookedMs = nowMs;
    for (const file of files.values()) file.look();
  }

  function flush(): void {
    for (const file of files.values()) file.flush();
    screen.showNow();
  }

  return {
    file(name) {
      const known = files.get(name);
      if (known !== undefined) return known;
      const path = `${options.directory}/${name}`;
      try {
        const file = new LogFile(path, ports, {
          failed: (path, reason) =>
            console.error(`Cannot write '${path}': ${reason}`),
          mended: (path, lost) =>
            console.info(
              `Writing '${path}' again, without ${counted(lost, "line")}`,
            ),
        });
        files.set(name, file);
        return file;
      } catch (error) {
        throw cannotOpenFile(path, error);
      }
    },
    events(file) {
      for (const [name, known] of files) {
        if (known === file) return events(name);
      }
      return console;
    },
    showsMessage: (lines = 1) => options.level === "info" && shown.take(lines),
    lineBudgetOf(file) {
      const budget = new LineBudget(LOG_MESSAGES_PER_SECOND);
      listed.set(file, budget);
      return (lines) => budget.take(lines);
    },
    message: (text) => console.info(text),
    tick() {
      const nowMs = ports.clock.nowMs();
      tellLeftOut(nowMs);
      lookAtFiles(nowMs);
    },
    reopen() {
      for (const file of files.values()) file.reopen();
    },
    flush,
    async close() {
      tellLeftOut(Infinity);
      flush();
      await Promise.race([screen.shown(), pause(CONSOLE_MS_MAX)]);
    },
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function textOf(record: LogRecord): string {
  return record.message.join("");
}
