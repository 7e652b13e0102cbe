/**
 * RabbitMQ, with its files, its ports and its own epmd (Erlang's name server)
 * apart from any other that may run here. A quorum queue syncs before it
 * confirms; a classic one does so some hundred milliseconds later, and confirms
 * then.
 */

import { freePort, type Program } from "../support/program.ts";
import { startOne, type Target } from "./target.ts";

/** Debian's wrapper in the path changes to its own user and files. */
const SERVER = "/usr/lib/rabbitmq/bin/rabbitmq-server";

/** A durable queue of persistent messages, with publisher confirms. */
export const rabbitmq: Target = {
  name: "RabbitMQ, quorum queue",
  durability: "synced",
  protocol: "quorum",
  async start(port, directory) {
    const epmdPort = freePort();
    await Deno.writeTextFile(
      `${directory}/rabbitmq.conf`,
      `listeners.tcp.1 = 127.0.0.1:${port}\nlog.console = true\n`,
    );
    const epmd = startOne("epmd", [
      ...["-address", "127.0.0.1", "-port", `${epmdPort}`],
    ]);
    let server: Program;
    try {
      server = startOne(SERVER, [], {
        env: {
          HOME: directory,
          ERL_EPMD_PORT: `${epmdPort}`,
          // The shell script gives way to the server: one process to watch.
          RUNNING_UNDER_SYSTEMD: "1",
          RABBITMQ_CONF_ENV_FILE: "/dev/null",
          RABBITMQ_CONFIG_FILE: `${directory}/rabbitmq`,
          RABBITMQ_DIST_PORT: `${freePort()}`,
          RABBITMQ_ENABLED_PLUGINS_FILE: `${directory}/plugins`,
          RABBITMQ_LOG_BASE: `${directory}/log`,
          RABBITMQ_MNESIA_BASE: `${directory}/db`,
          RABBITMQ_NODENAME: "sd-node-bench@localhost",
        },
      });
    } catch (error) {
      await epmd.kill();
      throw error;
    }
    await server.line(/Server startup complete/);
    return new Map([["rabbitmq", server], ["epmd", epmd]]);
  },
};
