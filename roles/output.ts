/**
 * What the program prints beside its log: what was asked for on standard
 * output, and in one line on standard error why it cannot do it.
 *
 * @module
 */

import type { Voice } from "../lib/cli/command.ts";
import type { LogLevel } from "../lib/system/log.ts";
import { LineWriter } from "../lib/system/line_writer.ts";
import { StartError } from "../lib/system/start_error.ts";
import { visible, visibleJson } from "../lib/wire/visible.ts";

/** Time for standard error to take the last line, in ms. */
const COMPLAINT_MS_MAX = 1_000;

const stdout = new LineWriter(Deno.stdout);
const encoder = new TextEncoder();

/**
 * Writes lines to standard output, and waits until it has taken all of them.
 *
 * @returns False when nobody reads on, as with `| head`; that is no error.
 * @throws {StartError} It cannot be written, as to a full disk.
 */
export async function writeOut(lines: Uint8Array): Promise<boolean> {
  try {
    await stdout.write(lines);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) return false;
    const reason = error instanceof Error ? error.message : `${error}`;
    throw new StartError(`Cannot write to standard output: ${reason}`, {
      cause: error,
    });
  }
}

/** Prints a text that was asked for. @throws {StartError} It cannot. */
export async function print(text: string): Promise<void> {
  await writeOut(encoder.encode(text.endsWith("\n") ? text : `${text}\n`));
}

/** A line about the program itself, as the log would have it. */
export function lineOf(text: string, level: LogLevel, voice: Voice): string {
  if (voice.format === "text") return visible(text);
  const role = voice.role === undefined
    ? ""
    : `"role":${visibleJson(voice.role)},`;
  return `{"time":"${new Date().toISOString()}","level":"${level}",${role}` +
    `"message":${visibleJson(text)}}`;
}

/** Says in one line on standard error why the program cannot go on. */
export async function complain(text: string, voice: Voice): Promise<void> {
  const named = voice.format === "text" ? `sd-node: ${text}` : text;
  const line = encoder.encode(`${lineOf(named, "error", voice)}\n`);
  let timer: ReturnType<typeof setTimeout> | undefined;
  await Promise.race([
    // Nobody reads it, or nothing can be said: the exit code still tells.
    new LineWriter(Deno.stderr).write(line).catch(() => {}),
    new Promise((resolve) => timer = setTimeout(resolve, COMPLAINT_MS_MAX)),
  ]);
  clearTimeout(timer);
}
