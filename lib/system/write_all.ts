/**
 * Writing that does not stop halfway: `write` may take only a part.
 *
 * @module
 */

/** What can be written to at once. */
export interface SyncWriter {
  /** @returns How many bytes were taken. */
  writeSync(bytes: Uint8Array): number;
}

/** Writes all of `bytes`. @throws Whatever writing throws. */
export function writeAllSync(writer: SyncWriter, bytes: Uint8Array): void {
  for (let rest = bytes; rest.length > 0;) {
    rest = rest.subarray(writer.writeSync(rest));
  }
}

/** What can be written to beside other work. */
export interface Writer {
  /** @returns How many bytes were taken. */
  write(bytes: Uint8Array): Promise<number>;
}

/** Writes all of `bytes`. @throws Whatever writing throws. */
export async function writeAll(
  writer: Writer,
  bytes: Uint8Array,
): Promise<void> {
  for (let rest = bytes; rest.length > 0;) {
    rest = rest.subarray(await writer.write(rest));
  }
}
