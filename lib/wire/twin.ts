/**
 * What a head tells a data node whose id another has: in words, at whose end
 * stands which start of its process the other is.
 *
 * @module
 */

const LIFE = ", life=";

/** Why a data node is not taken in. @param life Of the one that is there. */
export function twinReason(id: string, from: string, life: string): string {
  const reason = `dataNode ${id} is here already, from ${from}`;
  return life === "" ? reason : `${reason}${LIFE}${life}`;
}

/** The life that such a reason names; an older head names none. */
export function otherLifeIn(reason: string): string | undefined {
  return /, life=([a-z0-9]+)$/.exec(reason)?.[1];
}

/** The reason for people. */
export function withoutLife(reason: string): string {
  return reason.replace(/, life=[a-z0-9]+$/, "");
}
