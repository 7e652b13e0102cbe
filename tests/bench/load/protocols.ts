/** The protocols that the load generator speaks, by name. */

import { AmqpSession } from "./amqp.ts";
import { newBeanstalkdSession } from "./beanstalkd.ts";
import { EchoSession } from "./echo.ts";
import { NatsSession } from "./nats.ts";
import type { NewSession } from "./protocol.ts";
import { newRedisSession } from "./redis.ts";
import { SdSession } from "./sd.ts";

/** See the module. */
export const protocols = {
  sd: (payload) => new SdSession(payload),
  echo: (payload) => new EchoSession(payload),
  redis: newRedisSession,
  beanstalkd: newBeanstalkdSession,
  quorum: (payload) => new AmqpSession(payload, "quorum"),
  classic: (payload) => new AmqpSession(payload, "classic"),
  nats: (payload, index) => new NatsSession(payload, index),
} satisfies Readonly<Record<string, NewSession>>;

/** See {@linkcode protocols}. */
export type ProtocolName = keyof typeof protocols;
