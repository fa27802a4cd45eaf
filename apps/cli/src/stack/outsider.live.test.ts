import { spawnSync } from "node:child_process";
import { chmod, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import {
  create,
  type DescMethod,
  type DescMethodStreaming,
  type DescMethodUnary,
} from "@bufbuild/protobuf";
import { Code, ConnectError, type Transport } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { connectNats } from "@fanfare/bus-nats";
import { AuditService } from "@fanfare/contracts/audit/v1/audit";
import { BillingService } from "@fanfare/contracts/billing/v1/billing";
import { FleetService } from "@fanfare/contracts/fleet/v1/fleet";
import { NotificationsService } from "@fanfare/contracts/notifications/v1/notifications";
import { OperatorLogService } from "@fanfare/contracts/operators/v1/operators";
import { TripOperationsService } from "@fanfare/contracts/operators/v1/trip_operations";
import { RevenueService } from "@fanfare/contracts/revenue/v1/revenue";
import { RidersService } from "@fanfare/contracts/riders/v1/riders";
import { TripRegistryService } from "@fanfare/contracts/trips/v1/trip_registry";
import { TripsService } from "@fanfare/contracts/trips/v1/trips";
import { reservePorts } from "@fanfare/dev-stack";
import { appNames } from "@fanfare/topology";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Running, runFanfare, startFanfare } from "../../test/run-fanfare.ts";
import { listOpenFiles, readSecretTexts } from "../../test/secret-texts.ts";
import {
  type Listener,
  listListeners,
  listProcesses,
  type MachineProcess,
} from "../../test/stack-processes.ts";
import { defaultPorts, type Ports } from "./ports.ts";

/** What others may read in the state folder. None of it is secret. */
const openFiles = ["data/format.json", "data/nats/nats.conf", "up.lock"];
const [become, ...nobody] = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
const canBeNobody = process.getuid?.() === 0 && spawnSync(become, [...nobody, "true"]).status === 0;

// Linux alone shows the processes and ports of a machine in files.
describe.skipIf(process.platform !== "linux")(
  "npm start, to an outsider",
  {
    timeout: 60_000,
  },
  () => {
    let state: string;
    let ports: Ports;
    let stack: Running;
    let processes: readonly MachineProcess[];
    let listeners: readonly Listener[];
    let secrets: readonly string[];
    const rider = "rider-who-is-nobody-else";

    beforeAll(async () => {
      state = await mkdtemp(join(tmpdir(), "fanfare-test-"));
      // As .fanfare in a checkout that everybody may enter.
      await chmod(state, 0o755);
      const reserved = await reservePorts(Object.keys(defaultPorts).length);
      const names = Object.keys(defaultPorts);
      ports = { ...defaultPorts };
      for (const [i, name] of names.entries()) Object.assign(ports, { [name]: reserved.ports[i] });
      const env = { ...process.env, FANFARE_STATE: state };
      const choices = Object.entries(ports).flatMap(([name, port]) => [
        "--port",
        `${name}=${port}`,
      ]);
      stack = startFanfare(["up", ...choices], env);
      await stack.waitForOutput("Ctrl-C stops everything");
      await runFanfare(["trip", "start", "--vehicle", "vehicle-1", "--rider", rider], env);
      processes = await listProcesses(stack.pid);
      listeners = await listListeners(processes);
      secrets = await readSecretTexts(join(state, "secrets"));
    }, 180_000);

    afterAll(async () => {
      await stack.end("SIGTERM");
      await rm(state, { recursive: true, force: true });
    }, 30_000);

    it("on another machine, has no port that listens on its network", () => {
      expect(listeners.length).toBeGreaterThanOrEqual(Object.keys(ports).length);
      expect(listeners.filter(({ host }) => host !== "127.0.0.1")).toEqual([]);
    });

    it("has no other ports than the documented ones, and those between the parts of Temporal", () => {
      const documented = new Set<number>(Object.values(ports));
      const others = listeners.filter(({ port }) => !documented.has(port));
      const owners = others.map(({ pid }) => processes.find((one) => one.pid === pid)?.commandLine);
      expect(owners.filter((owner) => owner?.includes("server start-dev") !== true)).toEqual([]);
    });

    it("may read or write no file with a secret, event, table or workflow", async () => {
      const open = await listOpenFiles(state);
      expect(open.map((file) => relative(state, file)).toSorted()).toEqual(openFiles);
      for (const file of open) expect(findSecret(await readFile(file, "utf8"))).toBeUndefined();
    });

    it.skipIf(!canBeNobody)("as another user, reads no more than that, and no environment", () => {
      const script = `find "$1" -type f -readable; shift; for pid; do cat "/proc/$pid/environ"; done`;
      const pids = processes.map(({ pid }) => String(pid));
      const { stdout } = spawnSync(
        become,
        [...nobody, "sh", "-c", `{ ${script}; } 2>/dev/null`, "sh", state, ...pids],
        { encoding: "utf8" },
      );
      const read = stdout.trim().split("\n");
      expect(read.map((file) => relative(state, file)).toSorted()).toEqual(openFiles);
    });

    it("finds no secret on the command line of a process", () => {
      expect(processes.length).toBeGreaterThan(10);
      const found = processes.filter(({ commandLine }) => findSecret(commandLine) !== undefined);
      expect(found.map(({ commandLine }) => commandLine)).toEqual([]);
    });

    it("who gets at the logs finds no secret and no token there", async () => {
      const folder = join(state, "logs", "up");
      const logs = await readdir(folder);
      expect(logs.length).toBeGreaterThanOrEqual(appNames.length);
      for (const log of logs) {
        const text = await readFile(join(folder, log), "utf8");
        expect([log, findSecret(text)]).toEqual([log, undefined]);
        expect(text).not.toMatch(/eyJ[\w-]+\.eyJ/);
      }
    });

    it("gets in at no server without a password or key", async () => {
      const logins = ["postgres:fanfare", "postgres", "trips_a", "trips_a:trips", "nobody:x"];
      for (const login of logins) {
        const url = `postgres://${login}@127.0.0.1:${ports.postgres}/postgres`;
        const client = new Client({ connectionString: url });
        await expect(client.connect()).rejects.toThrow(/password/);
      }
      const bus = connectNats({ servers: `nats://127.0.0.1:${ports.nats}`, source: "//outsider" });
      await expect(bus).rejects.toMatchObject({ code: "permission_denied" });
    });

    it("gets no answer of an API without a token, and no metrics from its port", async () => {
      const { trips, registry, fleet, billing, riders, revenue, audit, notifications } = ports;
      for (const [port, service] of [
        [trips, TripsService],
        [trips, TripOperationsService],
        [trips, OperatorLogService],
        [registry, TripRegistryService],
        [fleet, FleetService],
        [billing, BillingService],
        [riders, RidersService],
        [revenue, RevenueService],
        [audit, AuditService],
        [notifications, NotificationsService],
      ] as const) {
        const transport = createConnectTransport({
          baseUrl: `http://127.0.0.1:${port}`,
          httpVersion: "2",
        });
        for (const method of service.methods) {
          expect([method.name, await readCode(transport, method)]).toEqual([
            method.name,
            Code.Unauthenticated,
          ]);
        }
        for (const path of ["healthz", "readyz", "metrics", ""]) {
          expect((await fetch(`http://127.0.0.1:${port}/${path}`)).status).toBe(404);
        }
      }
    });

    it("reads no rider, trip or secret from a health port", async () => {
      const healthPorts = Object.entries(ports).filter(([name]) => name.endsWith("-health"));
      for (const [, port] of healthPorts) {
        for (const path of ["healthz", "readyz", "metrics"]) {
          const text = await (await fetch(`http://127.0.0.1:${port}/${path}`)).text();
          expect(text).not.toContain(rider);
          expect(text).not.toMatch(/[0-9a-f]{8}-[0-9a-f]{4}-/);
          expect(findSecret(text)).toBeUndefined();
        }
      }
    });

    it("who controls an app finds in its environment no secret, and the files of that app alone", () => {
      const folder = join(state, "secrets");
      const apps = processes.filter(({ commandLine }) => commandLine.endsWith(" src/main.ts"));
      const found = apps.map(({ environment }) => {
        const paths = Object.values(environment).map((value) => relative(folder, value));
        const named = paths.flatMap((path) => /^([\w-]+)\/[\w.-]+$/.exec(path)?.[1] ?? []);
        return [...new Set(named)].join();
      });
      expect([...new Set(found)].toSorted()).toEqual(appNames.toSorted());
      for (const { environment } of processes) {
        expect(findSecret(JSON.stringify(environment))).toBeUndefined();
      }
    });

    function findSecret(text: string): string | undefined {
      return secrets.find((secret) => text.includes(secret));
    }
  },
);

/** Calls a method without a token, and returns the code of the answer. */
async function readCode(transport: Transport, method: DescMethod): Promise<Code | "answered"> {
  const input = create(method.input);
  try {
    if (isUnary(method)) await transport.unary(method, undefined, 5_000, undefined, input);
    if (isStreaming(method)) {
      async function* send() {
        yield input;
      }
      const { message } = await transport.stream(method, undefined, 5_000, undefined, send());
      for await (const _ of message) break;
    }
    return "answered";
  } catch (error) {
    return ConnectError.from(error).code;
  }
}

function isUnary(method: DescMethod): method is DescMethodUnary {
  return method.methodKind === "unary";
}

function isStreaming(method: DescMethod): method is DescMethodStreaming {
  return !isUnary(method);
}
