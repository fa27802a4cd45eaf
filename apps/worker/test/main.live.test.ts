import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { reservePorts, startNats, startTemporal } from "@fanfare/dev-stack";
import { searchAttributes } from "@fanfare/trip-contract";
import { describe, expect, it, vi } from "vitest";
import { eventually } from "./eventually.ts";

vi.setConfig({ testTimeout: 180_000 });

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));

/** Starts the process of the worker. Disposing it kills the process. */
function startWorker(env: Record<string, string>) {
  const child = spawn(process.execPath, [main], { env, stdio: ["ignore", "pipe", "pipe"] });
  const log: string[] = [];
  child.stdout.on("data", (chunk) => log.push(String(chunk)));
  child.stderr.on("data", (chunk) => log.push(String(chunk)));
  const exited = once(child, "exit").then(([code]) => Number(code));
  return {
    exited,
    log: () => log.join(""),
    stop: () => child.kill("SIGTERM"),
    [Symbol.dispose]: () => void child.kill("SIGKILL"),
  };
}

async function readReadiness(port: number): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${port}/readyz`);
  return `${answer.status} ${await answer.text()}`;
}

/** Reads the state of the broker, which the worker is ready without. */
async function readBroker(port: number): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${port}/healthz`);
  return /"broker":\{"state":"(\w+)"/.exec(await answer.text())?.[1] ?? "";
}

describe("the worker's process", () => {
  it("waits for its servers, becomes ready, and stops cleanly", async () => {
    const {
      ports: [health = 0, temporalPort = 0, natsPort = 0],
    } = await reservePorts(3);
    const folder = await mkdtemp(join(tmpdir(), "worker-"));
    const tokenFile = join(folder, "token");
    await writeFile(tokenFile, "token");
    using worker = startWorker({
      HEALTH_PORT: String(health),
      SERVICE_TOKEN_FILE: tokenFile,
      TEMPORAL_ADDRESS: `127.0.0.1:${temporalPort}`,
      NATS_URL: `nats://127.0.0.1:${natsPort}`,
    });
    await eventually(async () => {
      const state = await readReadiness(health);
      expect(state).toMatch(/^503/);
      expect(state).toContain("temporal");
    });

    const attributes = Object.values(searchAttributes).map((name) => [name, "Keyword"]);
    await using servers = new AsyncDisposableStack();
    const nats = servers.use(await startNats({ port: natsPort }));
    servers.use(
      await startTemporal({
        port: temporalPort,
        searchAttributes: Object.fromEntries(attributes),
      }),
    );
    await eventually(async () => expect(await readReadiness(health)).toMatch(/^200/));
    await eventually(async () => expect(await readBroker(health)).toBe("ok"));

    await nats.kill();
    await eventually(async () => expect(await readBroker(health)).toBe("degraded"));
    expect(await readReadiness(health)).toMatch(/^200/);

    worker.stop();
    expect({ status: await worker.exited, log: worker.log() }).toMatchObject({ status: 0 });
    await rm(folder, { recursive: true });
  });

  it("reports missing search attributes", async () => {
    const {
      ports: [health = 0],
    } = await reservePorts(1);
    await using nats = await startNats();
    await using temporal = await startTemporal();
    using worker = startWorker({
      HEALTH_PORT: String(health),
      SERVICE_TOKEN_FILE: "/nowhere",
      TEMPORAL_ADDRESS: temporal.address,
      NATS_URL: nats.url,
    });
    await eventually(async () =>
      expect(await readReadiness(health)).toContain(
        "lacks the search attributes TripStatus, TripAttention, TripDelayed",
      ),
    );
    worker.stop();
    expect({ status: await worker.exited, log: worker.log() }).toMatchObject({ status: 0 });
  });

  it("refuses to start with an invalid variable and names it", async () => {
    using worker = startWorker({ SERVICE_TOKEN_FILE: "/nowhere", FLEET_URL: "fleet" });
    expect(await worker.exited).toBe(1);
    expect(worker.log()).toContain("FLEET_URL");
  });
});
