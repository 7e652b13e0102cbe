/**
 * What a head tells a data node whose id another has: in words, at whose end
 * stands which start of its process the other is.
 *
 * @module
 */

/** What a life looks like: a name that was made here. */
const LIFE = /^[a-z0-9]{1,32}$/;

/** Why a data node is not taken in. @param life Of the one that is there. */
export function twinReason(id: string, from: string, life: string): string {
  const reason = `dataNode ${id} is here already, from ${from}`;
  return LIFE.test(life) ? `${reason}, life=${life}` : reason;
}

/** The life that such a reason names; an older head names none. */
export function otherLifeIn(reason: string): string | undefined {
  return /, life=([a-z0-9]+)$/.exec(reason)?.[1];
}

/** The reason for people. */
export function withoutLife(reason: string): string {
  return reason.replace(/, life=[a-z0-9]+$/, "");
}
