import { type AppName, appNames, serverNames } from "@fanfare/topology";
import { beforeAll, describe, expect, it } from "vitest";
import {
  type AppVariable,
  findUnread,
  findUnset,
  readAppVariables,
} from "../test/deploy/app-variables.ts";
import { type ComposeFile, readCompose, type Service } from "../test/deploy/compose-model.ts";
import {
  findClients,
  findConnections,
  findNeighbours,
  publishing,
} from "../test/deploy/compose-networks.ts";
import { readImageVariables } from "../test/deploy/dockerfile-model.ts";
import { readRepository } from "../test/deploy/repository.ts";

const files = ["docker-compose.yml", "deploy/compose/cluster.yml"];
const fanfare = `\${FANFARE_IMAGE:-fanfare:latest}`;

const variables = new Map<AppName, readonly AppVariable[]>();
beforeAll(async () => {
  for (const name of appNames) variables.set(name, await readAppVariables(name));
}, 120_000);

describe.each([
  { what: "docker-compose.yml", read: files.slice(0, 1) },
  { what: "the cluster", read: files },
])("$what", async ({ read }) => {
  const compose: ComposeFile = await readCompose(read);
  const services = Object.entries(compose.services);

  /** Returns the names of the services that match. */
  const findServices = (matches: (service: Service, name: string) => boolean): readonly string[] =>
    services.filter(([name, service]) => matches(service, name)).map(([name]) => name);

  it("has every app", () => {
    expect(findServices((_, name) => appNames.some((app) => app === name)).toSorted()).toEqual(
      appNames.toSorted(),
    );
  });

  it("builds one image and pins all others", () => {
    const pinned = /^[a-z]+(\/[a-z-]+)?:\d+(\.\d+)*(-[a-z]+)?(@sha256:[0-9a-f]{64})?$/;
    expect(findServices(({ image }) => image !== fanfare && !pinned.test(image))).toEqual([]);
    expect(findServices(({ build }) => build !== undefined)).toEqual(["secrets"]);
  });

  it("gives containers the least privileges", () => {
    const locked = { init: true, read_only: true, cap_drop: ["ALL"] };
    for (const [name, service] of services) {
      expect({ name, ...service }).toMatchObject({ name, ...locked });
    }
    const noMore = "no-new-privileges:true";
    expect(findServices((service) => !service.security_opt.includes(noMore))).toEqual([]);
    expect(findServices(({ mem_limit = "" }) => !/^\d+m$/.test(mem_limit))).toEqual([]);
    expect(findServices(({ privileged }) => privileged !== undefined)).toEqual([]);
  });

  it("runs nothing as root", () => {
    expect(findServices(({ user, image }) => user === undefined && !setsUser(image))).toEqual([]);
    expect(findServices(({ user }) => /^(root|0)(:|$)/.test(user ?? ""))).toEqual([]);
  });

  it("has a health check for each long-running container, and a readiness check for each app", () => {
    expect(findServices((one) => isLongRunning(one) && one.healthcheck === undefined)).toEqual([]);
    expect(
      findServices((one, name) => appNames.some((app) => app === name) && !checksReadiness(one)),
    ).toEqual([]);
  });

  it("checks health at an address, without DNS", () => {
    const byName = findServices(
      ({ healthcheck }) =>
        healthcheck !== undefined && !/\b127\.0\.0\.1\b/.test(healthcheck.test.join(" ")),
    );
    expect(byName).toEqual([]);
  });

  it("starts each container once its dependencies are healthy or done, without sleeps", async () => {
    for (const [name, { depends_on }] of services) {
      for (const [needed, { condition }] of Object.entries(depends_on)) {
        const other = compose.services[needed];
        const right = other && isLongRunning(other) ? "healthy" : "completed_successfully";
        expect({ name, needed, condition }).toEqual({
          name,
          needed,
          condition: `service_${right}`,
        });
      }
    }
    for (const file of [...read, "Dockerfile", "deploy/temporal/schema.sh"]) {
      expect(await readRepository(file)).not.toMatch(/\bsleep\b/i);
    }
  });

  it("gives apps a longer grace period than they take to stop", () => {
    const seconds = appNames.map((name) =>
      Number.parseInt(readGracePeriod(compose.services[name]), 10),
    );
    expect(Math.min(...seconds)).toBeGreaterThan(10);
  });

  it("contains no secret", () => {
    const given = services.flatMap(([, { environment }]) => Object.entries(environment));
    const secret = /password|secret|token|key/i;
    // The name of a file, or an interval.
    const harmless = /^((file:\/\/)?(\/[\w.-]+)+|\d+[sm])$/;
    const named = given.filter(([name, value]) => secret.test(name) && !harmless.test(value));
    expect(named).toEqual([]);
    const texts = services.flatMap(([, { environment, command = [] }]) => [
      ...Object.values(environment),
      ...command,
    ]);
    expect(texts.filter((text) => /:\/\/[^/@]*:[^/@]*@/.test(text))).toEqual([]);
    expect(findServices((service) => service.env_file !== undefined)).toEqual([]);
  });

  it("mounts into each app only its own secrets", () => {
    const secrets = Object.fromEntries(
      appNames.map((name) => [name, compose.services[name]?.volumes]),
    );
    expect(secrets).toEqual(
      Object.fromEntries(appNames.map((name) => [name, [`${name}-secrets:/run/fanfare:ro`]])),
    );
  });

  it.each(appNames)(
    "gives %s every variable that it needs, and none that it does not read",
    async (app) => {
      const all = variables.get(app) ?? [];
      expect(all.length).toBeGreaterThan(3);
      const given = Object.keys(compose.services[app]?.environment ?? {});
      expect(findUnset(all, [...given, ...(await readImageVariables("Dockerfile"))])).toEqual([]);
      expect(findUnread(all, given)).toEqual([]);
    },
  );

  it("keeps data in named volumes, and mounts files of the checkout read-only", () => {
    const mounts = services.flatMap(([, { volumes }]) => volumes);
    const bound = mounts.filter((mount) => mount.startsWith("."));
    expect(bound.filter((mount) => !/^\.\/deploy\/[\w./-]+:\/[\w./-]+:ro$/.test(mount))).toEqual(
      [],
    );
    const named = mounts.filter((mount) => !bound.includes(mount));
    const used = new Set(named.map((mount) => mount.split(":")[0] ?? ""));
    // The cluster does not use the data of the development server.
    const declared = Object.keys(compose.volumes).filter((name) => name !== "temporal-data");
    expect([...used].filter((name) => name !== "temporal-data").toSorted(byName)).toEqual(
      declared.toSorted(byName),
    );
    const stateful = ["postgres", "nats", "temporal-postgres", "nats-2", "nats-3"];
    for (const name of stateful.filter((one) => one in compose.services)) {
      expect(compose.services[name]?.volumes.join(" ")).toContain(`${name}-data:`);
    }
  });

  it.each(serverNames)("lets reach %s only what the topology connects to it", (server) => {
    const own = ["nats-2", "nats-3", "temporal-postgres", "temporal-schema"];
    const neighbours = findNeighbours(compose, server).filter((name) => !own.includes(name));
    expect(neighbours).toEqual(findClients(compose, server));
  });

  it("lets every process reach what it connects to", () => {
    const missing = services.flatMap(([name]) => {
      const reached = findNeighbours(compose, name);
      // The registry is a port of trips.
      const needed = findConnections(name).map((peer) => (peer === "registry" ? "trips" : peer));
      return needed.filter((peer) => !reached.includes(peer)).map((peer) => `${name} to ${peer}`);
    });
    expect(missing).toEqual([]);
  });

  it("keeps Temporal's tables from everything but Temporal", () => {
    if (!("temporal-postgres" in compose.services)) return;
    const neighbours = findNeighbours(compose, "temporal-postgres");
    expect(neighbours).toEqual(["temporal", "temporal-schema"]);
  });

  it("has no way out of a network, and publishes ports from networks without neighbours", () => {
    const open = Object.entries(compose.networks).filter(([, { internal }]) => !internal);
    const isolated = {
      internal: false,
      driver_opts: {
        "com.docker.network.bridge.enable_icc": "false",
        "com.docker.network.bridge.enable_ip_masquerade": "false",
      },
    };
    expect(open).toEqual(publishing.map((name) => [name, isolated]));
    expect(findServices(({ networks }) => publishing.some((name) => name in networks))).toEqual(
      findServices(({ ports }) => ports.length > 0),
    );
    const joined = services.flatMap(([, { networks, network_mode }]) =>
      network_mode === undefined ? Object.keys(networks) : [network_mode],
    );
    expect(joined.filter((name) => name !== "none" && !(name in compose.networks))).toEqual([]);
  });

  it("resolves each name that a process connects to on a network that leads there", () => {
    // A name may stand for the address on any network that both share.
    const wrong = services.flatMap(([name, { networks }]) =>
      findConnections(name)
        .map((peer) => (peer === "registry" ? "trips" : peer))
        .filter((peer) => {
          const others = compose.services[peer]?.networks ?? {};
          return publishing.some((network) => network in networks && network in others);
        })
        .map((peer) => `${name} to ${peer}`),
    );
    expect(wrong).toEqual([]);
  });

  it("publishes no port of an app that only services call", () => {
    const published = findServices(({ ports }) => ports.length > 0);
    expect(published.filter((name) => ["fleet", "billing", "worker"].includes(name))).toEqual([]);
  });

  it("listens on this machine only", () => {
    const ports = services.flatMap(([, service]) => service.ports);
    expect(ports.filter((port) => !port.startsWith("127.0.0.1:"))).toEqual([]);
  });
});

describe(".env.example", () => {
  it("lists each variable of the compose files once, with its default", async () => {
    const lines = (await readRepository(".env.example")).split("\n");
    const listed = lines.filter((line) => line !== "" && !line.startsWith("#"));
    const used = new Set<string>();
    for (const file of files) {
      const text = await readRepository(file);
      for (const [, name, value] of text.matchAll(/\$\{(\w+)(?::-([^}]*))?\}/g)) {
        used.add(`${name}=${value}`);
      }
    }
    // Compose itself reads COMPOSE_FILE.
    expect(listed.toSorted()).toEqual([...used, "COMPOSE_FILE=docker-compose.yml"].toSorted());
  });
});

const byName = (a: string, b: string) => a.localeCompare(b);

const isLongRunning = ({ restart }: Service) => restart !== "no";

const checksReadiness = ({ healthcheck }: Service) =>
  healthcheck?.test.join(" ").includes("/readyz");

/** Returns whether an image sets a user that is not root. */
const setsUser = (image: string) => image === fanfare || image.startsWith("temporalio/");

const readGracePeriod = (service: Service | undefined): string =>
  /^\d+s$/.exec(service?.stop_grace_period ?? "")?.[0] ?? "none";
