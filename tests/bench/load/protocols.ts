/** The protocols that the load generator speaks, by name. */

import { EchoSession } from "./echo.ts";
import type { NewSession } from "./protocol.ts";
import { SdSession } from "./sd.ts";

/** See the module. */
export const protocols = {
  sd: (payload) => new SdSession(payload),
  echo: (payload) => new EchoSession(payload),
} satisfies Readonly<Record<string, NewSession>>;

/** See {@linkcode protocols}. */
export type ProtocolName = keyof typeof protocols;
