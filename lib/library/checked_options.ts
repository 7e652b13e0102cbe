/**
 * Reading what the user of the library gave. Types do not reach plain
 * JavaScript, and what is wrong must be told at the call that is wrong, not
 * in silence or out of a timer.
 *
 * @module
 */

import { parseAddress } from "../system/address.ts";

/** What fails when an option is wrong, as in `Cannot connect: …`. */
export type Purpose = "connect" | "read" | "send";

/** `a number`, `undefined`, `an ArrayBuffer`: what a value is, for people. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return `${value}`;
  if (typeof value !== "object") return articled(typeof value);
  const { constructor } = value;
  const name = typeof constructor === "function" ? constructor.name : "";
  return articled(name === "" || name === "Object" ? "object" : name);
}

/** The error of an option or an argument that is of a wrong type. */
export function wrongType(
  purpose: Purpose,
  name: string,
  expected: string,
  value: unknown,
): TypeError {
  return new TypeError(
    `Cannot ${purpose}: expected ${name} to be ${expected}, got ` +
      kindOf(value),
  );
}

/** @throws {TypeError} The options are no object. */
export function checkOptions(purpose: Purpose, options: unknown): void {
  if (typeof options !== "object" || options === null) {
    throw wrongType(
      purpose,
      "options",
      'an object like { to: "host:5000" }',
      options,
    );
  }
}

/**
 * The addresses of the option `to`, as a list of our own.
 *
 * @throws {TypeError} It is neither a text nor a list of texts.
 * @throws {RangeError} There is no address, or one is not well-formed.
 */
export function readAddresses(purpose: Purpose, to: unknown): string[] {
  if (typeof to !== "string" && !Array.isArray(to)) {
    throw wrongType(purpose, "'to'", "a string or a list of strings", to);
  }
  const addresses: unknown[] = typeof to === "string" ? [to] : [...to];
  if (addresses.length === 0) {
    throw new RangeError(`Cannot ${purpose}: the list of addresses is empty`);
  }
  return addresses.map((address) => {
    if (typeof address !== "string") {
      throw wrongType(purpose, "every address of 'to'", "a string", address);
    }
    try {
      parseAddress(address);
    } catch {
      throw new RangeError(
        `Cannot ${purpose}: '${address}' is no address: expected HOST:PORT`,
      );
    }
    return address;
  });
}

/**
 * The option `events`, or one that listens to nothing.
 *
 * @param names Of the listeners that there may be.
 * @throws {TypeError} It is no object, or a listener is no function.
 */
export function readEvents<Events extends object>(
  purpose: Purpose,
  events: Events | undefined,
  names: readonly (keyof Events & string)[],
): Events | Record<string, never> {
  if (events === undefined) return {};
  if (typeof events !== "object" || events === null) {
    throw wrongType(purpose, "'events'", "an object", events);
  }
  for (const name of names) {
    const listener = events[name];
    if (listener !== undefined && typeof listener !== "function") {
      throw wrongType(purpose, `'events.${name}'`, "a function", listener);
    }
  }
  return events;
}

function articled(noun: string): string {
  return `${/^[aeio]|^un/i.test(noun) ? "an" : "a"} ${noun}`;
}
