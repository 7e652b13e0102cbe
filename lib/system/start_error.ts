/**
 * Why a role cannot start: the environment's fault, worded for the operator.
 *
 * @module
 */

/** Its message is one line that says what is wrong and what to do. */
export class StartError extends Error {
  override readonly name = "StartError";
}

/** What is wrong with listening at `hostname:port`, as a person can mend it. */
export function cannotListen(
  hostname: string,
  port: number,
  error: unknown,
): StartError {
  const place = `${hostname}:${port}`;
  const cause = { cause: error };
  if (error instanceof Deno.errors.AddrInUse) {
    return new StartError(
      `Cannot listen on ${place}: another process listens there; ` +
        "stop it, or choose another --port",
      cause,
    );
  }
  if (error instanceof Deno.errors.AddrNotAvailable) {
    return new StartError(
      `Cannot listen on ${place}: this machine has no address ${hostname}; ` +
        "--host 0.0.0.0 means all it has",
      cause,
    );
  }
  if (error instanceof Deno.errors.PermissionDenied) {
    return new StartError(
      `Cannot listen on ${place}: ports below 1024 are for root; ` +
        "choose another --port",
      cause,
    );
  }
  return new StartError(`Cannot listen on ${place}: ${wordsOf(error)}`, cause);
}

/**
 * What is wrong with a directory, as a person can mend it.
 *
 * @param flag The flag that names the directory.
 */
export function cannotUseDirectory(
  path: string,
  flag: string,
  error: unknown,
): StartError {
  const reason = error instanceof Deno.errors.PermissionDenied
    ? "this user may not write there"
    : error instanceof Deno.errors.AlreadyExists ||
        error instanceof Deno.errors.NotADirectory
    ? "it is not a directory"
    : wordsOf(error);
  return new StartError(
    `Cannot use directory '${path}': ${reason}; choose another with ${flag}`,
    { cause: error },
  );
}

/** What is wrong with a file that must be opened. */
export function cannotOpenFile(path: string, error: unknown): StartError {
  return new StartError(
    `Cannot open '${path}': ${wordsOf(error)}; move it away, or choose ` +
      "another directory",
    { cause: error },
  );
}

function wordsOf(error: unknown): string {
  if (isNoPlaceForFiles(error)) {
    return "no files can be kept in /dev, /proc and /sys";
  }
  return error instanceof Error ? error.message : `${error}`;
}

/**
 * Whether the runtime refuses a place, as it does in these three whatever is
 * granted by path. Nobody who runs the executable can follow its advice; of a
 * permission that is lacking, when it runs from its sources, the advice is
 * right.
 */
function isNoPlaceForFiles(error: unknown): boolean {
  return error instanceof Deno.errors.NotCapable &&
    error.message.startsWith("Requires all access");
}
