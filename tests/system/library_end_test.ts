/**
 * The library in programs of others: however a client or a reader ends, the
 * program that uses it decides for itself how to go on.
 */

import assert from "node:assert/strict";
import {
  Directory,
  freePort,
  portOf,
  start,
  startNode,
  targets,
} from "../support/program.ts";

const library = new URL("../../mod.ts", import.meta.url);

/** A program, what it prints, and, if it is to fail, its own error. */
interface Case {
  readonly program: string;
  readonly prints: readonly string[];
  readonly fails?: RegExp;
}

const cases: Record<string, Case> = {
  "close at once": {
    program: `
      const client = connect({ to: head });
      await client.close();
      await client.close();
      read({ to: head }).close();
      console.log("goes on");`,
    prints: ["goes on"],
  },
  "close while it is connected, with a message under way": {
    program: `
      for (const to of [head, nobody]) {
        const client = connect({ to });
        const receipt = client.send("uno").catch((error) => error.name);
        const reader = read({ to });
        await new Promise((resolve) => setTimeout(resolve));
        reader.close();
        await client.close();
        console.log(await receipt);
      }`,
    prints: ["ClosedError", "ClosedError"],
  },
  "return early from await using": {
    program: `
      async function early() {
        await using client = connect({ to: [head, nobody] });
        await using reader = read({ to: [head, nobody], follow: true });
        return "returned";
      }
      console.log(await early());`,
    prints: ["returned"],
  },
  "throw before finally": {
    program: `
      const client = connect({ to: head });
      try {
        console.log(await client.sendBatch([]));
        throw new Error("of the user");
      } finally {
        await client.close();
      }`,
    prints: ["[]"],
    fails: /Uncaught .*Error: of the user/,
  },
  "close in a listener": {
    program: `
      for (const to of [head, nobody]) {
        const client = connect({ to, events: {
          connected() { console.log("connected"); client.close(); },
          lost() { console.log("lost"); client.close(); },
        } });
        const reader = read({ to, follow: true, events: {
          connected() { reader.close(); },
          lost() { reader.close(); },
        } });
        for await (const _ of reader);
        await client.send("uno").catch((error) => console.log(error.name));
      }`,
    prints: ["connected", "ClosedError", "lost", "ClosedError"],
  },
  "throw in listeners": {
    program: `
      const events = {
        connected() { throw new Error("mine"); },
        async lost() { throw new Error("mine"); },
      };
      for (const to of [head, nobody]) {
        const client = connect({ to, events });
        try {
          await client.send("uno");
        } catch (error) {
          console.log(error.name, error.cause.message);
        }
        await client.flush().catch((error) => console.log(error.name));
        try {
          for await (const _ of read({ to, follow: true, events }));
        } catch (error) {
          console.log(error.name, error.cause.message);
        }
      }`,
    prints: [1, 2].flatMap(() => [
      "ClosedError mine",
      "ClosedError",
      "ClosedError mine",
    ]),
  },
  "use it wrongly, and catch that": {
    program: `
      const attempts = [
        () => read({ to: [] }),
        () => read({ to: "http://x" }),
        () => connect({ to: 5000 }),
      ];
      for (const attempt of attempts) {
        try {
          attempt();
        } catch (error) {
          console.log(error.name);
        }
      }
      await using client = connect({ to: head });
      for (const wrong of [new ArrayBuffer(3), 5, null, undefined, [1]]) {
        await client.send(wrong).catch((error) => console.log(error.name));
      }
      await client.sendBatch(["uno", 5]).catch((e) => console.log(e.name));
      await client.flush();`,
    prints: [
      "RangeError",
      "RangeError",
      "TypeError",
      ...Array.from({ length: 6 }, () => "TypeError"),
    ],
  },
  "read in two loops": {
    program: `
      await using client = connect({ to: head });
      await client.send("uno");
      const reader = read({ to: head });
      const loop = async () => {
        let count = 0;
        for await (const _ of reader) count++;
        return count > 0;
      };
      for (const result of await Promise.allSettled([loop(), loop()])) {
        console.log(result.value ?? result.reason.message);
      }`,
    prints: [
      "true",
      "Cannot read: another loop or visit() of this reader is under way",
    ],
  },
};

const target = targets[0]!;

Deno.test(`${target.name}: the library survives its user`, async (t) => {
  await using directory = new Directory();
  await using head = startNode(
    target,
    `--role head --host 127.0.0.1 --port 0 --log-dir ${directory.at("head")}`,
  );
  const port = await portOf(head);
  await using data = startNode(
    target,
    `--role data --head 127.0.0.1:${port} --dir ${directory.at("data")}`,
  );
  await data.line(/Joined head/);
  for (const [name, { program, prints, fails }] of Object.entries(cases)) {
    await t.step(name, async () => {
      // Plain JavaScript, as types would forbid some of it.
      await Deno.writeTextFile(
        directory.at("main.js"),
        `import { connect, read } from "${library}";
        const head = "127.0.0.1:${port}";
        const nobody = "127.0.0.1:${freePort()}";
        ${program}`,
      );
      await using run = start(Deno.execPath(), [
        "run",
        "--quiet",
        "--no-check",
        "--no-prompt",
        "--allow-net=127.0.0.1",
        "main.js",
      ], { cwd: directory.path });
      const code = await run.exit();
      const errors = run.errorLines.join("\n");
      assert.deepEqual(run.lines, prints, errors);
      if (fails === undefined) {
        assert.deepEqual([code, errors], [0, ""]);
      } else {
        assert.equal(code, 1);
        assert.match(errors, fails);
      }
    });
  }
});
