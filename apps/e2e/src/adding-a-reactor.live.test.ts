import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { createPublisher } from "@fanfare/bus";
import { connectNats } from "@fanfare/bus-nats";
import { TripEvents } from "@fanfare/contracts/trips/v1/trip_events";
import { reservePort, startNats, startPostgres, waitUntil } from "@fanfare/dev-stack";
import { completedTrip } from "@fanfare/test-fixtures";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { type CheckoutCopy, copyCheckout } from "../test/copy-checkout.ts";

const run = promisify(execFile);
const template = fileURLToPath(new URL("../test/mileage-reactor", import.meta.url));
const entry = '  { name: "mileage", port: 8088, events: [TripEvents] },\n';

describe("a reactor that is added as a folder and an entry of the list", {
  timeout: 120_000,
}, () => {
  let checkout: CheckoutCopy;
  const path = (...parts: readonly string[]) => join(checkout.folder, ...parts);
  const read = (...parts: readonly string[]) => readFile(path(...parts), "utf8");
  const { NATS_URL: _, POSTGRES_ADMIN_URL: __, TEMPORAL_ADDRESS: ___, ...env } = process.env;

  /** Runs a program of Node in the copy, and returns what it prints. */
  async function runNode(cwd: string, args: readonly string[], more: NodeJS.ProcessEnv = {}) {
    const options = { cwd: path(cwd), env: { ...env, ...more } };
    return (await run(process.execPath, args, options)).stdout;
  }
  const runFanfare = (args: readonly string[], more: NodeJS.ProcessEnv = {}) =>
    runNode("apps/cli", ["src/main.ts", ...args], more);

  beforeAll(async () => {
    checkout = await copyCheckout();
    await cp(template, path("apps/mileage"), { recursive: true });
    // As `pnpm install` would link its dependencies: audit has the same and more.
    await mkdir(path("apps/mileage/node_modules"));
    await cp(path("apps/audit/node_modules"), path("apps/mileage/node_modules"), {
      recursive: true,
      verbatimSymlinks: true,
    });
    const list = await read("packages/topology/src/reactors.ts");
    const extended = list.replace("] as const satisfies", `${entry}] as const satisfies`);
    await writeFile(path("packages/topology/src/reactors.ts"), extended);
    await runNode(".", ["tools/generate-deploy.mjs"]);
  }, 60_000);
  afterAll(() => checkout?.[Symbol.asyncDispose]());

  it("compiles everywhere, and may import what a reactor may", async () => {
    const compile = runNode(".", ["node_modules/typescript/bin/tsc", "--noEmit"]);
    expect(await compile.catch(({ stdout }: { stdout: string }) => stdout)).toBe("");
    expect(await runNode(".", ["tools/check-imports.mjs"])).toBe("");
    expect(await runNode(".", ["tools/generate-deploy.mjs", "--check"])).toBe("");
  });

  it.each(["packages/topology", "apps/cli", "apps/e2e"])(
    "passes the unit tests of %s",
    async (folder) => {
      const vitest = "node_modules/vitest/vitest.mjs";
      const args = [
        "run",
        "--root",
        folder,
        "--exclude",
        "**/*.{live,compose}.test.ts",
        "--reporter=dot",
      ];
      await expect(runNode(".", [vitest, ...args])).resolves.toContain("passed");
    },
  );

  it("is an app with a port, a database and a consumer group", async () => {
    const script =
      'import * as t from "@fanfare/topology"; console.log(JSON.stringify({ names: t.appNames, ports: t.appPorts, groups: t.groups }))';
    const output = await runNode("apps/cli", ["--input-type=module", "--eval", script]);
    const { names, ports, groups } = JSON.parse(output);
    expect(names).toContain("mileage");
    expect(ports).toMatchObject({ mileage: 8088, "mileage-health": 9088 });
    expect(groups).toContainEqual({ group: "mileage", topics: ["trips.completed"], from: "start" });
    expect(await runNode("apps/mileage", ["src/main.ts", "--help"])).toMatch(/^ {2}PORT +8088 /m);
  });

  it("has a user of NATS with the permissions of its group", async () => {
    const output = await runFanfare(["provision", "--print-permissions"]);
    const users = output.split("    {\n").filter((user) => user.includes("user: mileage\n"));
    expect(users).toHaveLength(1);
    expect(users[0]).toContain("$MILEAGE_PASSWORD");
    expect(users[0]).toContain("fanfare_trips_completed.mileage");
  });

  it("runs in compose, with its own secrets", async () => {
    const { services, volumes } = parse(await read("docker-compose.yml"), {
      merge: true,
      maxAliasCount: -1,
    });
    expect(services.mileage).toMatchObject({
      working_dir: "/app/apps/mileage",
      volumes: ["mileage-secrets:/run/fanfare:ro"],
      environment: { DATABASE_URL_FILE: "/run/fanfare/database-url" },
    });
    expect(services.secrets.volumes).toContain("mileage-secrets:/secrets/mileage");
    expect(volumes).toHaveProperty("mileage-secrets");
    expect(services.demo).toMatchObject({
      environment: { MILEAGE_URL: "http://mileage:8080" },
      depends_on: { mileage: { condition: "service_healthy" } },
    });
  });

  it("is deployed on Kubernetes, and scaled by its group", async () => {
    const { resources } = parse(await read("deploy/kubernetes/reactors/kustomization.yaml"));
    expect(resources).toContain("mileage.yaml");
    const manifest = await read("deploy/kubernetes/reactors/mileage.yaml");
    expect(manifest).toContain("workingDir: /app/apps/mileage");
    expect(manifest).toContain("consumer: mileage");
  });

  it("is provisioned, starts, subscribes and handles an event once", async () => {
    await using stack = new AsyncDisposableStack();
    const folder = await mkdtemp(join(tmpdir(), "fanfare-mileage-"));
    stack.defer(() => rm(folder, { recursive: true, force: true }));
    const [nats, postgres] = await Promise.all([startNats({ env }), startPostgres({ env })]);
    stack.use(nats);
    stack.use(postgres);
    await runFanfare(["secrets", folder, "--postgres", postgres.adminUrl]);
    const { databases } = JSON.parse(
      await runFanfare(["provision", "--json"], {
        NATS_URL: nats.url,
        POSTGRES_ADMIN_URL_FILE: join(folder, "postgres", "admin-url"),
      }),
    );
    expect(databases).toContain("mileage");

    const port = await reservePort();
    const reactor = spawn(process.execPath, ["src/main.ts"], {
      cwd: path("apps/mileage"),
      env: {
        HEALTH_PORT: String(port),
        AUTH_JWKS: join(folder, "mileage", "jwks.json"),
        DATABASE_URL_FILE: join(folder, "mileage", "database-url"),
        NATS_URL: nats.url,
      },
      stdio: "ignore",
    });
    const exited = once(reactor, "exit");
    stack.defer(() => void reactor.kill("SIGKILL"));
    const url = `http://127.0.0.1:${port}`;
    await waitUntil(async () => (await fetch(`${url}/readyz`)).ok, {
      what: "the reactor to be ready",
      timeoutMs: 60_000,
    });

    const bus = stack.use(await connectNats({ servers: nats.url, name: "test" }));
    const { tripCompleted } = createPublisher(TripEvents, bus);
    const trip = completedTrip();
    for (let copy = 0; copy < 2; copy++) {
      await tripCompleted(trip, { id: `trip/${trip.tripId}/completed` });
    }
    const database = new Client({
      connectionString: await readFile(join(folder, "mileage", "database-url"), "utf8"),
    });
    database.on("error", () => {});
    await database.connect();
    stack.defer(() => database.end());
    await expect
      .poll(async () => (await database.query("select * from vehicles")).rows, { timeout: 60_000 })
      .toEqual([{ vehicle_id: "vehicle-1", trips: 1 }]);
    expect(await (await fetch(`${url}/metrics`)).text()).toContain(
      'fanfare_bus_subscription{group="mileage",state="running"} 1\n',
    );
    reactor.kill("SIGTERM");
    expect(await exited).toEqual([0, null]);
  });
});
