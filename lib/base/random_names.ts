/**
 * Random names: of data nodes, of heads, of clients.
 *
 * @module
 */

import { NODE_ID_BYTES } from "./limits.ts";
import type { Random } from "./ports.ts";

/** Digits and letters without those that are taken for others (i, l, o, u). */
const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";

/**
 * Characters of a client id: 60 bits, so that among a million clients two have
 * the same with a chance of one in two million.
 */
const CLIENT_ID_LENGTH = 12;

/** A random name of `length` characters, five bits each. */
export function randomName(random: Random, length: number): string {
  let name = "";
  for (let i = 0; i < length; i++) {
    name += ALPHABET[Math.floor(random() * ALPHABET.length)];
  }
  return name;
}

/** A new id for a data node: 40 bits, for at most some hundreds of them. */
export function newNodeId(random: Random): string {
  return randomName(random, NODE_ID_BYTES);
}

/** A new id for a client. */
export function newClientId(random: Random): string {
  return randomName(random, CLIENT_ID_LENGTH);
}
