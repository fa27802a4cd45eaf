import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { waitUntil } from "@fanfare/dev-stack";
import { countedReactors } from "@fanfare/topology";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runFanfare, startFanfare } from "../../test/run-fanfare.ts";

const run = promisify(execFile);
let state: string;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  state = await mkdtemp(join(tmpdir(), "fanfare-test-"));
  env = { ...process.env, FANFARE_STATE: state };
});
afterAll(async () => {
  await rm(state, { recursive: true, force: true });
});

/** Returns the lines of `ps` for those processes that still run. */
async function listRunning(pids: readonly string[]): Promise<string[]> {
  const { stdout } = await run("ps", ["-A", "-o", "pid=,stat=,args="]);
  return stdout.split("\n").filter((line) => {
    const [pid = "", stat = ""] = line.trim().split(/\s+/);
    return pids.includes(pid) && !stat.startsWith("Z");
  });
}

/** Starts a demo, waits for a text in its output, and returns the pids of its child processes. */
async function startDemo(text: string) {
  const demo = startFanfare(["demo", "--verbose"], env);
  await demo.waitForOutput(text);
  const { stdout } = await run("ps", ["-A", "-o", "pid=,ppid="]);
  const rows = stdout.split("\n").map((line) => line.trim().split(/\s+/));
  const pids = rows.filter(([, parent]) => parent === String(demo.pid)).map(([pid = ""]) => pid);
  return { demo, pids };
}

describe("fanfare demo", { timeout: 240_000 }, () => {
  it("prints one JSON document with four trips that ended as expected", async () => {
    const { stdout } = await runFanfare(["demo", "--json"], env);
    const { ok, seconds, trips } = JSON.parse(stdout);
    expect(stdout.trim().split("\n")).toHaveLength(1);
    expect(ok).toBe(true);
    expect(seconds).toBeGreaterThan(0);
    const one = Object.fromEntries(countedReactors.map(({ name }) => [name, 1]));
    const none = Object.fromEntries(countedReactors.map(({ name }) => [name, 0]));
    expect(trips).toEqual([
      expect.objectContaining({
        story: "completed",
        status: "SETTLED",
        compensated: [],
        effects: one,
      }),
      expect.objectContaining({
        story: "declined",
        status: "CANCELLED",
        compensated: expect.arrayContaining(["reserve-vehicle", "accept-trip"]),
        effects: none,
      }),
      expect.objectContaining({
        story: "cancelled",
        status: "CANCELLED",
        compensated: ["charge-unlock-fee", "open-tab", "reserve-vehicle", "accept-trip"],
        effects: none,
      }),
      // The demo checks that the rider pays for the seconds until EndTrip.
      expect.objectContaining({
        story: "outage",
        status: "SETTLED",
        compensated: [],
        effects: one,
      }),
    ]);
    expect(trips[0].steps).toEqual(
      expect.arrayContaining(["reserve-vehicle", "settle", "publish"]),
    );
  });

  it("stops every process within 10 s of Ctrl-C", async () => {
    const { demo, pids } = await startDemo("✓ accept-trip");
    const signalledAt = performance.now();
    const status = await demo.end("SIGINT");
    expect(performance.now() - signalledAt).toBeLessThan(10_000);
    expect(status).toBe(130);
    expect(await listRunning(pids)).toEqual([]);
    expect(pids.length).toBeGreaterThanOrEqual(10);
  });

  it("leaves no process behind when it is killed", async () => {
    const { demo, pids } = await startDemo("trips is ready");
    await demo.end("SIGKILL");
    const ended = waitUntil(async () => (await listRunning(pids)).length === 0, {
      what: "the end of its child processes",
    });
    await expect(ended).resolves.toBe(true);
  });

  it("names the process that exited, with the end of its log, and exits with 1", async () => {
    const { demo, pids } = await startDemo("✓ accept-trip");
    const logs = join(state, "logs");
    const names = (await readdir(logs)).toSorted();
    const log = await readFile(join(logs, names.at(-1) ?? "", "audit.log"), "utf8");
    const [, pid = ""] = /"pid":(\d+)/.exec(log) ?? [];
    process.kill(Number(pid), "SIGKILL");
    const status = await demo.end();
    expect(status).toBe(1);
    expect(demo.output()).toMatch(/audit ended with signal SIGKILL/);
    expect(demo.output()).toMatch(/Logs: /);
    expect(await listRunning(pids)).toEqual([]);
  });
});
