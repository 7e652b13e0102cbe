/** The protocols that the load generator speaks, by name. */

import { BeanstalkdSession } from "./beanstalkd.ts";
import { EchoSession } from "./echo.ts";
import { NatsSession } from "./nats.ts";
import type { NewSession } from "./protocol.ts";
import { RedisSession } from "./redis.ts";
import { SdSession } from "./sd.ts";

/** See the module. */
export const protocols = {
  sd: (payload) => new SdSession(payload),
  echo: (payload) => new EchoSession(payload),
  redis: (payload) => new RedisSession(payload),
  beanstalkd: (payload) => new BeanstalkdSession(payload),
  nats: (payload, index) => new NatsSession(payload, index),
} satisfies Readonly<Record<string, NewSession>>;

/** See {@linkcode protocols}. */
export type ProtocolName = keyof typeof protocols;
