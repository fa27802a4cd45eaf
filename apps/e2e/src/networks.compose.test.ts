import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { reservePorts } from "@fanfare/dev-stack";
import { appNames, connections, serverNames } from "@fanfare/topology";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createCompose, docker } from "../test/compose/compose.ts";
import { listLeftovers } from "../test/compose/containers.ts";
import { writeListeners } from "../test/compose/listeners.ts";
import {
  listAddresses,
  probeFromNetwork,
  probeFromService,
  type Target,
} from "../test/compose/probe.ts";
import { publishing } from "../test/deploy/compose-networks.ts";

const project = "fanfare-test-networks";
const serverPorts = { postgres: [5432], nats: [4222, 6222, 8222], temporal: [7233, 8233] };
const appPorts = [8080, 8081, 9090];
const ports = new Map<string, readonly number[]>([
  ...serverNames.map((name) => [name, serverPorts[name]] as const),
  ...appNames.map((name) => [name, appPorts] as const),
]);
/** The servers that share a network with an attacker. */
const reached: Readonly<Record<string, readonly string[]>> = {
  edge: [],
  services: [],
  postgres: ["postgres"],
  nats: ["nats"],
  temporal: ["temporal"],
};

// The networks are those of docker-compose.yml. The servers and apps are replaced with processes that
// listen on their ports, so that nothing but the networks can refuse a connection.
describe("the networks of docker compose", { timeout: 120_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), "fanfare-test-"));
  const listeners = join(folder, "listeners.json");
  const { ports: free } = await reservePorts(5);
  const variables = ["TRIPS", "TEMPORAL", "TEMPORAL_UI", "NATS", "POSTGRES"];
  const stack = createCompose({
    project,
    files: ["docker-compose.yml", listeners],
    variables: Object.fromEntries(variables.map((name, i) => [`${name}_PORT`, String(free[i])])),
  });
  const { compose } = stack;
  let servers: readonly Target[];
  let apps: readonly Target[];

  beforeAll(async () => {
    await writeListeners(listeners, ports);
    await compose("down", "--volumes", "--remove-orphans");
    await compose("up", "--wait", "--no-deps", ...ports.keys());
    const addresses = await listAddresses(project);
    const list = (names: readonly string[]) =>
      names.flatMap((name) =>
        (addresses.get(name) ?? []).flatMap((host) =>
          (ports.get(name) ?? []).map((port) => ({ name, host, port })),
        ),
      );
    servers = list(serverNames);
    apps = list(appNames);
  }, 300_000);

  afterAll(async () => {
    await compose("down", "--volumes", "--remove-orphans");
    await rm(folder, { recursive: true, force: true });
  }, 120_000);

  it.each(appNames)("let %s reach its own servers and no others", async (app) => {
    const own = serverNames.filter((name) => connections[app].includes(name));
    expect(await probeFromService(stack, app, servers)).toEqual(own.toSorted());
  });

  it("let the worker reach the services that it calls", async () => {
    const found = await probeFromService(stack, "worker", apps);
    expect(found).toEqual(expect.arrayContaining(["trips", "fleet", "billing"]));
  });

  it.each(serverNames)("let %s reach no other server", async (server) => {
    const others = servers.filter(({ name }) => name !== server);
    expect(await probeFromService(stack, server, others)).toEqual([]);
  });

  it.each(Object.keys(reached))("let a container on %s reach no more servers", async (name) => {
    expect(await probeFromNetwork(`${project}_${name}`, servers)).toEqual(reached[name]);
  });

  it.each(publishing)("let a container on %s reach no other container", async (name) => {
    expect(await probeFromNetwork(`${project}_${name}`, [...servers, ...apps])).toEqual([]);
  });

  it.each(appNames)("let %s reach its servers by their names", async (app) => {
    const own = serverNames.filter((name) => connections[app].includes(name));
    const byName = own.flatMap((name) =>
      (ports.get(name) ?? []).map((port) => ({ name, host: name, port })),
    );
    expect(await probeFromService(stack, app, byName)).toEqual(own.toSorted());
  });

  it("let a container of another project reach nothing", async () => {
    expect(await probeFromNetwork("bridge", [...servers, ...apps])).toEqual([]);
  });

  it.each(Object.keys(reached))("lead from %s to nothing outside of this machine", async (name) => {
    const network = `${project}_${name}`;
    expect(await docker(["network", "inspect", network, "--format={{.Internal}}"])).toBe("true");
    const metadata = { name: "metadata", host: "169.254.169.254", port: 80 };
    expect(await probeFromNetwork(network, [metadata])).toEqual([]);
  });

  it("publish the ports of the servers, trips and riders on this machine", async () => {
    for (const name of [...serverNames, "trips", "riders"]) {
      const port = await compose("port", name, String(ports.get(name)?.[0]));
      expect(port).toMatch(/^127\.0\.0\.1:\d+$/);
      await expect(fetch(`http://${port}`)).rejects.toThrow("fetch failed");
    }
    for (const name of publishing) {
      const options = ["network", "inspect", `${project}_${name}`, "--format={{json .Options}}"];
      expect(JSON.parse(await docker(options))).toMatchObject({
        "com.docker.network.bridge.enable_ip_masquerade": "false",
      });
    }
  });

  it("are removed with their containers", async () => {
    await compose("down", "--volumes");
    expect(await listLeftovers(project)).toEqual([]);
  });
});
