/**
 * The words that the original programs of 2019 put on the wire. They are a
 * contract: programs that exist cannot be changed.
 *
 * @module
 */

/** Opens every connection. */
export const REQUEST = "peticion";

/** Grants a {@linkcode REQUEST}. */
export const CONFIRMATION = "confirmacion";

/** Instead of a {@linkcode REQUEST}: how is it going? See status.ts. */
export const STATUS = "estado";

/**
 * Instead of a {@linkcode REQUEST}, with the id of a data node behind it: it is
 * gone for good, and is to be missed no more.
 */
export const FORGET = "olvida";

/** The answer to {@linkcode FORGET} when it is done, with the id behind it. */
export const FORGOTTEN = "olvidado";

/** Third step of a peer that sends messages. */
export const CLIENT_ROLE = "cliente";

/** Third step of a peer that stores messages. */
export const DATA_ROLE = "dataNode";

/** Precedes a message on its way to a data node, and in `data.txt`. */
export const MESSAGE_PREFIX = "mensaje: ";

/** A data node's answer once the message is on its disk. */
export const STORED = "recibido";

/**
 * A head's answer to a client: where the message is kept.
 *
 * @param addresses Of the data nodes that hold it; more than one when the head
 * keeps replicas.
 */
export function storedAt(addresses: readonly string[]): string {
  return `${addresses.join(", ")} , ${MESSAGE_PREFIX}${STORED}`;
}
