/**
 * What the kernel tells of processes (proc(5)). Read by `cat`, since Deno opens
 * `/proc` only to whom everything is allowed.
 */

import type { Program } from "../support/program.ts";

/** Ticks of a processor's clock in a second, as the kernel counts them. */
const TICKS_PER_SECOND = 100;

function read(pid: number, name: string): string {
  const { stdout } = new Deno.Command("cat", { args: [`/proc/${pid}/${name}`] })
    .outputSync();
  return new TextDecoder().decode(stdout);
}

/** Processor time that each process has used so far, in s. */
export function processorSeconds(
  programs: ReadonlyMap<string, Program>,
): Map<string, number> {
  const seconds = new Map<string, number>();
  for (const [name, { pid }] of programs) {
    const stat = read(pid, "stat");
    // The second field is a name, which may have spaces; user and system time
    // are the fourteenth and fifteenth.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const ticks = Number(fields[11]) + Number(fields[12]);
    seconds.set(name, ticks / TICKS_PER_SECOND);
  }
  return seconds;
}

/** Memory that a process has resident now, and had at most, in KiB. */
export function residentKiB(
  { pid }: Program,
): { readonly now: number; readonly most: number } {
  const status = read(pid, "status");
  const field = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status)?.[1] ?? 0);
  return { now: field("VmRSS"), most: field("VmHWM") };
}
