/**
 * One `ping`: does this host answer?
 *
 * The program is spawned, because raw ICMP sockets need privileges that a
 * process should not have; the system's `ping` has just those.
 *
 * @module
 */

/** What a ping found. */
export type PingResult =
  /** The host answered; the round trip in ms, if `ping` told it. */
  | { readonly kind: "answered"; readonly roundTripMs: number | undefined }
  /** It did not, in time. */
  | { readonly kind: "silent"; readonly reason: string }
  /** This machine cannot ping; nothing is known about the host. */
  | { readonly kind: "unable"; readonly reason: string };

/**
 * Pings a host once.
 *
 * @param address A numeric address.
 * @param timeoutMs After which the host counts as silent. `ping` itself waits
 * whole seconds; it is ended from here on time.
 */
export async function ping(
  address: string,
  timeoutMs: number,
): Promise<PingResult> {
  const seconds = `${Math.max(1, Math.ceil(timeoutMs / 1000))}`;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isLate = false;
  try {
    const child = new Deno.Command("ping", {
      args: ["-n", "-c", "1", "-W", seconds, address],
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    timer = setTimeout(() => {
      isLate = true;
      kill(child);
    }, timeoutMs);
    // Not `child.output()`, which keeps about 100 KiB of each call until the
    // next garbage collection, and a head that idles has few of those.
    const [{ code }, stdout, stderr] = await Promise.all([
      child.status,
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
    ]);
    return isLate
      ? { kind: "silent", reason: `no answer to ping within ${timeoutMs} ms` }
      : readPing(code, stdout, stderr, timeoutMs);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      return { kind: "unable", reason: "there is no 'ping' on this machine" };
    }
    const reason = error instanceof Error ? error.message : `${error}`;
    return { kind: "unable", reason: `'ping' cannot be run: ${reason}` };
  } finally {
    clearTimeout(timer);
  }
}

/**
 * What the end of a `ping` means: 0 answered, 1 silent; anything else is an
 * error of ours, as when it lacks the right to open its socket (ping(8)).
 */
export function readPing(
  code: number,
  stdout: string,
  stderr: string,
  timeoutMs: number,
): PingResult {
  if (code === 0) {
    const time = /time[=<]([\d.]+) ?ms/.exec(stdout)?.[1];
    return {
      kind: "answered",
      roundTripMs: time === undefined ? undefined : Number(time),
    };
  }
  const said = stderr.trim().split("\n").at(-1) ?? "";
  // BusyBox ends with 1 for both; only a failure of its own goes to stderr.
  const failedItself = code !== 1 || /permi|not permitted|denied/i.test(said);
  if (failedItself && !/unreachable/i.test(said)) {
    return {
      kind: "unable",
      reason: `'ping' failed (${code}): ${said || "without a word"}`,
    };
  }
  return {
    kind: "silent",
    reason: `no answer to ping within ${timeoutMs} ms`,
  };
}

function kill(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch {
    // It ended by itself in the meantime.
  }
}
