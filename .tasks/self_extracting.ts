/**
 * The script in front of a self-extracting executable.
 *
 * On its first run it unpacks the runtime and the program into a directory
 * that is named for their content; later runs find them there. Unpacking goes
 * to a directory of its own, which then takes the name in one step: of any
 * number that start at once, one wins, and all use what it unpacked.
 *
 * @module
 */

/** What a self-extracting executable is made of. */
export interface Contents {
  readonly version: string;
  /** Names the content; safe in a path. */
  readonly id: string;
  readonly runtimeBytes: number;
  readonly programBytes: number;
  /** Flags of `deno run`. */
  readonly permissions: readonly string[];
}

/** The script; runtime and program follow it without a gap. */
export function selfExtractingScript(contents: Contents): string {
  // Offsets are written with a fixed width, so that they do not change the
  // length that they depend on.
  const draft = scriptAt(0, contents);
  const script = scriptAt(draft.length, contents);
  if (script.length !== draft.length) throw new Error("Offsets changed size");
  return script;
}

function scriptAt(length: number, contents: Contents): string {
  const { version, id, runtimeBytes, programBytes, permissions } = contents;
  const offset = (bytes: number) => `${bytes}`.padStart(10, "0");
  const runtimeAt = offset(length + 1);
  const programAt = offset(length + runtimeBytes + 1);
  return `#!/bin/sh
# sd-node ${version}, self-extracting: this script, then the deno runtime, then
# the program. It unpacks itself once, into the first of these that works:
# $SD_CACHE_DIR, $XDG_CACHE_HOME/sd-node, ~/.cache/sd-node, /tmp/sd-node-UID.
set -u
id=${id}
self=$0

# What somebody else has unpacked is not run, unless that is root. A start that
# finds its own needs no other program for it, which would take longer.
is_trusted() {
  [ -x "$1" ] && { [ -O "$1" ] || [ "$(stat -c %u "$1")" = 0 ]; }
}

unpack() {
  mkdir -p -m 700 "$1" 2>/dev/null && [ -O "$1" ] || return 1
  find "$1" -maxdepth 1 -name '.new-*' -mmin +60 -exec rm -rf {} +
  new=$(mktemp -d "$1/.new-XXXXXXXX" 2>/dev/null) || return 1
  trap 'rm -rf "$new"' EXIT INT TERM
  if tail -c +${runtimeAt} "$self" | head -c ${runtimeBytes} > "$new/deno" &&
    tail -c +${programAt} "$self" > "$new/sd-node.js" &&
    [ "$(wc -c < "$new/sd-node.js")" -eq ${programBytes} ] &&
    chmod 700 "$new/deno" && "$new/deno" --version > /dev/null
  then
    mv -T "$new" "$1/$id" 2>/dev/null
  fi 2>/dev/null
  rm -rf "$new"
  trap - EXIT INT TERM
  is_trusted "$1/$id/deno"
}

run() {
  dir=$1/$id
  shift
  export DENO_DIR="$dir/cache" DENO_NO_UPDATE_CHECK=1
  exec "$dir/deno" run --quiet --no-config --no-lock --no-remote --no-npm \\
    ${permissions.map((flag) => `'${flag}'`).join(" ")} \\
    "$dir/sd-node.js" "$@"
}

# Calls $1 with each place, and the arguments behind it.
at_places() {
  do=$1
  shift
  [ -n "\${SD_CACHE_DIR-}" ] && "$do" "$SD_CACHE_DIR" "$@"
  [ -n "\${XDG_CACHE_HOME-}" ] && "$do" "$XDG_CACHE_HOME/sd-node" "$@"
  [ -n "\${HOME-}" ] && "$do" "$HOME/.cache/sd-node" "$@"
  "$do" "\${TMPDIR:-/tmp}/sd-node-$(id -u)" "$@"
}

run_if_unpacked() { is_trusted "$1/$id/deno" && run "$@"; }
unpack_and_run() { unpack "$1" && run "$@"; }
name_place() { printf '%s ' "$1"; }

# The first that can be run takes the place of this shell.
at_places run_if_unpacked "$@"
at_places unpack_and_run "$@"
echo "sd-node: Cannot unpack: no directory of these can be written and run" \\
  "programs: $(at_places name_place); name one with SD_CACHE_DIR" >&2
exit 1
`;
}
