import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { attacks } from "../test/attacks.ts";

const program = fileURLToPath(new URL("../test/attacked-server.ts", import.meta.url));
const mebibyte = 1024 * 1024;

interface Attacked {
  readonly url: string;
  readonly healthUrl: string;
  readonly tokens: readonly [attacker: string, friend: string];
}

describe("stays up: a process with 256 MiB of memory answers a good caller during", {
  timeout: 60_000,
}, () => {
  let child: ChildProcess;
  let server: Attacked;

  beforeAll(async () => {
    const memory = ["--max-old-space-size=96", "--max-semi-space-size=4"];
    child = spawn(process.execPath, [...memory, program], {
      stdio: ["ignore", "pipe", "inherit", "ipc"],
    });
    if (child.stdout === null) throw new Error("expected the output of the process");
    const [line] = await once(createInterface(child.stdout), "line");
    server = JSON.parse(String(line));
  }, 60_000);

  afterAll(() => void child.kill("SIGKILL"));

  async function callAsFriend(): Promise<number> {
    const response = await fetch(`${server.url}/fanfare.echo.v1.EchoService/Say`, {
      method: "POST",
      headers: { authorization: `Bearer ${server.tokens[1]}`, "content-type": "application/json" },
      body: '{"text":"hello"}',
      signal: AbortSignal.timeout(20_000),
    });
    await response.arrayBuffer();
    return response.status;
  }

  async function readMemory(): Promise<number> {
    const text = await (await fetch(`${server.healthUrl}/metrics`)).text();
    return Number(/^rss (\d+)$/m.exec(text)?.[1]) / mebibyte;
  }

  it.each(Object.entries(attacks))("%s", async (_name, attack) => {
    const { url, tokens } = server;
    const target = { url, port: Number(new URL(url).port), token: tokens[0] };
    const attacking = Promise.allSettled([attack(target)]);
    let memory = 0;
    let running: unknown;
    do {
      expect(await callAsFriend()).toBe(200);
      memory = Math.max(memory, await readMemory());
      running = await Promise.race([attacking, Promise.resolve("running")]);
    } while (running === "running");
    expect(await attacking).toMatchObject([{ status: "fulfilled" }]);
    expect(await callAsFriend()).toBe(200);
    expect(memory).toBeLessThan(256);
    expect(child.exitCode).toBeNull();
  });
});
