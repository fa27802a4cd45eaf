import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { reservePorts, waitUntil } from "@fanfare/dev-stack";
import { Client, Connection } from "@temporalio/client";
import { historyToJSON } from "@temporalio/common/lib/proto-utils.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Ran, type Running, runFanfare, startFanfare } from "../../test/run-fanfare.ts";
import { defaultPorts } from "./ports.ts";

const run = promisify(execFile);
let state: string;
let env: NodeJS.ProcessEnv;
let upArguments: string[];
let stack: Running;
let stackPorts: Readonly<Record<string, number>>;

beforeAll(async () => {
  state = await mkdtemp(join(tmpdir(), "fanfare-test-"));
  env = { ...process.env, FANFARE_STATE: state };
  const reserved = await reservePorts(Object.keys(defaultPorts).length);
  stackPorts = Object.fromEntries(
    Object.keys(defaultPorts).map((name, i) => [name, reserved.ports[i] ?? 0]),
  );
  upArguments = ["up", ...formatPorts(reserved.ports)];
  stack = startFanfare(upArguments, env);
  await stack.waitForOutput("Ctrl-C stops everything");
}, 180_000);

afterAll(async () => {
  await stack.end("SIGTERM");
  await rm(state, { recursive: true, force: true });
}, 30_000);

function readLast({ stdout }: { readonly stdout: string }) {
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
}

function formatPorts(ports: readonly number[]): string[] {
  return Object.keys(defaultPorts).flatMap((name, i) => ["--port", `${name}=${ports[i]}`]);
}

async function trip(...args: readonly string[]): Promise<Ran> {
  return await runFanfare(["trip", ...args], env);
}

describe("fanfare up", { timeout: 180_000 }, () => {
  it("prints a shell command that starts a trip, and returns the same trip when repeated", async () => {
    const [curl = ""] = /^curl .*$/m.exec(stack.output()) ?? [];
    const first = JSON.parse((await run("/bin/sh", ["-c", curl])).stdout);
    expect(first.trip.status).toBe("TRIP_STATUS_ACTIVE");
    const second = JSON.parse((await run("/bin/sh", ["-c", curl])).stdout);
    expect(second.trip.tripId).toBe(first.trip.tripId);
    expect((await trip("end", first.trip.tripId)).stdout).toMatch(/^status +(ENDED|SETTLED)$/m);
  });

  it("encrypts what Temporal stores, and gives its page a codec server that decrypts it", async () => {
    const rider = "rider-of-the-page";
    const started = await trip("start", "--vehicle", "vehicle-3", "--rider", rider, "--json");
    const { tripId } = JSON.parse(started.stdout);
    const settings = await fetch(`http://127.0.0.1:${stackPorts["temporalUi"]}/api/v1/settings`);
    const { Codec: codec } = JSON.parse(await settings.text());
    const connection = await Connection.connect({ address: `127.0.0.1:${stackPorts["temporal"]}` });
    const { workflow } = new Client({ connection });
    const history = historyToJSON(await workflow.getHandle(`trip/${tripId}`).fetchHistory());
    await connection.close();
    const { payloads } =
      JSON.parse(history).events[0].workflowExecutionStartedEventAttributes.input;
    expect(Buffer.from(payloads[0].data, "base64").includes(rider)).toBe(false);

    const decode = (endpoint: string) =>
      fetch(`${endpoint}/decode`, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          "x-namespace": "default",
          origin: `http://127.0.0.1:${stackPorts["temporalUi"]}`,
        },
        body: JSON.stringify({ payloads }),
      });
    const decoded = JSON.parse(await (await decode(codec.Endpoint)).text());
    expect(JSON.parse(Buffer.from(decoded.payloads[0].data, "base64").toString())).toMatchObject({
      riderId: rider,
    });
    const { origin } = new URL(codec.Endpoint);
    expect((await decode(origin)).status).toBe(401);
    // The token of the page reads payloads, and does nothing else.
    const token = codec.Endpoint.slice(origin.length + 1);
    expect((await trip("list", "--token", token)).stderr).toMatch(/^unauthenticated: /);
    expect((await trip("end", tripId, "--rider", rider)).status).toBe(0);
  });

  it("refuses to start a second stack on the same ports, and names the process that uses them", async () => {
    const other = await mkdtemp(join(tmpdir(), "fanfare-test-"));
    const { status, stderr } = await runFanfare(upArguments, { ...env, FANFARE_STATE: other });
    expect(status).toBe(1);
    expect(stderr).toMatch(/Port \d+ for trips is in use by .*choose another with --port trips=/);
    await rm(other, { recursive: true });
  });

  it("refuses to start a second stack of the checkout, and names the process of the first", async () => {
    const { status, stderr } = await runFanfare(["up"], env);
    expect(status).toBe(1);
    expect(stderr).toBe(
      `expected no running stack of this checkout, found process ${stack.pid}: ` +
        "stop it with Ctrl-C, or set FANFARE_STATE to another folder\n",
    );
  });

  it("waits for the processes of a killed predecessor, and starts with its data", async () => {
    const { tripId } = JSON.parse((await trip("start", "--vehicle", "vehicle-4", "--json")).stdout);
    await stack.end("SIGKILL");
    stack = startFanfare(upArguments, env);
    await stack.waitForOutput("Ctrl-C stops everything");
    expect((await trip("end", tripId)).stdout).toMatch(/^status +(ENDED|SETTLED)$/m);
  });

  it("refuses data of another format, and removes it with --reset", async () => {
    const other = await mkdtemp(join(tmpdir(), "fanfare-test-"));
    await mkdir(join(other, "data", "nats"), { recursive: true });
    const { ports } = await reservePorts(Object.keys(defaultPorts).length);
    const args = ["up", ...formatPorts(ports)];
    const otherEnv = { ...env, FANFARE_STATE: other };
    const { status, stderr } = await runFanfare(args, otherEnv);
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /^expected data of format \d+ in .*, got an older format .*, or remove the data with npm start -- --reset\n$/,
    );
    const fresh = startFanfare([...args, "--reset"], otherEnv);
    await fresh.waitForOutput("Ctrl-C stops everything");
    expect(fresh.output()).toContain(`Removing ${join(other, "data", "nats")}`);
    expect(await fresh.end("SIGINT")).toBe(0);
    await rm(other, { recursive: true, force: true });
  });

  it("keeps its data with --tls and without, and stops with status 0", async () => {
    const { stdout } = await trip("start", "--vehicle", "vehicle-5", "--json");
    const { tripId } = JSON.parse(stdout);
    expect(await stack.end("SIGINT")).toBe(0);
    expect(await readdir(state)).toEqual(["data", "logs", "secrets"]);
    stack = startFanfare([...upArguments, "--tls"], env);
    await stack.waitForOutput("Ctrl-C stops everything");
    expect(stack.output()).toContain("https://127.0.0.1");
    expect((await trip("end", tripId)).stdout).toMatch(/^status +(ENDED|SETTLED)$/m);
    expect(await stack.end("SIGINT")).toBe(0);
    stack = startFanfare(upArguments, env);
    await stack.waitForOutput("Ctrl-C stops everything");
    const watched = await trip("watch", tripId, "--operator");
    expect(watched.stdout).toMatch(/SETTLED {2}broadcast published\n$/);
  });
});

describe("fanfare trip", { timeout: 60_000 }, () => {
  it("starts, shows and cancels a trip", async () => {
    const id = crypto.randomUUID();
    const started = await trip("start", "--vehicle", "vehicle-6", "--id", id);
    expect(started.stdout).toMatch(new RegExp(`^trip +${id}\nstatus +ACTIVE\n`));
    expect((await trip("get", id)).stdout).toMatch(/^status +ACTIVE$/m);
    const shown = await trip("get", id, "--operator");
    expect(shown.stdout).toMatch(/^ {2}reserve-vehicle +done$/m);
    expect((await trip("list", "--status", "active")).stdout).toMatch(
      new RegExp(`^${id} {2}ACTIVE +vehicle-6`, "m"),
    );
    expect((await trip("cancel", id)).stdout).toMatch(/^status +CANCELLED$/m);
  });

  it("prints one JSON document, and a line of JSON for each watched change", async () => {
    const started = JSON.parse((await trip("start", "--vehicle", "vehicle-7", "--json")).stdout);
    const watching = trip("watch", started.tripId, "--json");
    const watchingAll = trip("watch", started.tripId, "--json", "--operator");
    const ended = JSON.parse((await trip("end", started.tripId, "--json")).stdout);
    expect(ended.tripId).toBe(started.tripId);
    const settled = { status: "TRIP_STATUS_SETTLED" };
    expect(readLast(await watching)).toMatchObject(settled);
    expect(readLast(await watchingAll)).toMatchObject({
      ...settled,
      broadcast: { state: "STATE_PUBLISHED" },
    });
    const { trips } = JSON.parse((await trip("list", "--json", "--limit", "1")).stdout);
    expect(trips).toHaveLength(1);
  });

  it("refunds a part of a settled trip, once under a key", async () => {
    const { stdout } = await trip("start", "--vehicle", "vehicle-9", "--rider", "carol", "--json");
    const { tripId } = JSON.parse(stdout);
    await trip("end", tripId, "--rider", "carol");
    await trip("watch", tripId, "--operator");
    const key = crypto.randomUUID();
    const refund = ["refund", tripId, "--amount", "0.50", "--reason", "dirty", "--key", key];
    for (const { stderr, stdout: printed } of [await trip(...refund), await trip(...refund)]) {
      expect(stderr).toBe("");
      expect(printed).toMatch(new RegExp(`^${key} {2}[A-Z]+ +€0.50 `, "m"));
    }
    await waitUntil(
      async () => (await trip("refunds", tripId)).stdout.includes(`${key}  PUBLISHED`),
      { what: "the refund to be published", timeoutMs: 30_000 },
    );
    expect((await trip("get", tripId, "--rider", "carol")).stdout).toMatch(/^refunded +€0.50$/m);
    const rest = await trip("refund", tripId, "--amount", "1000", "--reason", "dirty");
    expect(rest).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/^out_of_range: .+\n$/),
    });
  });

  it("names the error in one line, and exits with 1", async () => {
    const cases: [string[], RegExp][] = [
      [["start", "--vehicle", "vehicle-99"], /^not_found: .+\n$/],
      [["start", "--payment", "pm_card_chargeDeclined"], /^failed_precondition: .+\n$/],
      [["get", "abc"], /^invalid_argument: .+\n$/],
      [["list", "--token", "nonsense"], /^unauthenticated: .+\n$/],
      [
        ["list", "--url", "http://127.0.0.1:1"],
        /^connect ECONNREFUSED 127.0.0.1:1: is the stack running\? .+\n$/,
      ],
      [
        ["list", "--status", "parked"],
        /^expected a status, got "parked": choose one of REQUESTED,.+\n$/,
      ],
    ];
    for (const [args, line] of cases) {
      const { status, stderr, stdout } = await trip(...args);
      expect({ status, stderr, stdout }).toEqual({
        status: 1,
        stderr: expect.stringMatching(line),
        stdout: "",
      });
    }
  });

  it("shows a rider only their own trips, and an operator all trips", async () => {
    const { tripId } = JSON.parse(
      (await trip("start", "--vehicle", "vehicle-8", "--rider", "bob", "--json")).stdout,
    );
    expect((await trip("get", tripId)).stderr).toMatch(/^not_found: /);
    expect((await trip("list", "--operator")).stdout).toContain(tripId);
    const token = await runFanfare(["token", "--subject", "bob"], env);
    expect((await trip("get", tripId, "--token", token.stdout.trim())).stdout).toContain(tripId);
  });
});
