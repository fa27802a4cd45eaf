import { type AppName, appNames } from "@fanfare/topology";
import { beforeAll, describe, expect, it } from "vitest";
import {
  type AppVariable,
  findUnread,
  findUnset,
  readAppVariables,
} from "../test/deploy/app-variables.ts";
import { type ComposeFile, readCompose, type Service } from "../test/deploy/compose-model.ts";
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

  /** The names of the services of which something is so. */
  const those = (are: (service: Service, name: string) => boolean): readonly string[] =>
    services.filter(([name, service]) => are(service, name)).map(([name]) => name);

  it("has the seven apps", () => {
    expect(those((_, name) => appNames.some((app) => app === name)).toSorted()).toEqual(
      appNames.toSorted(),
    );
  });

  it("pins each image that it does not build, and builds one", () => {
    const pinned = /^[a-z]+(\/[a-z-]+)?:\d+(\.\d+)*(-[a-z]+)?$/;
    expect(those(({ image }) => image !== fanfare && !pinned.test(image))).toEqual([]);
    expect(those(({ build }) => build !== undefined)).toEqual(["secrets"]);
  });

  it("lets no container do more than it must", () => {
    const locked = { init: true, read_only: true, cap_drop: ["ALL"] };
    for (const [name, service] of services) {
      expect({ name, ...service }).toMatchObject({ name, ...locked });
    }
    const noMore = "no-new-privileges:true";
    expect(those((service) => !service.security_opt.includes(noMore))).toEqual([]);
    expect(those(({ mem_limit = "" }) => !/^\d+m$/.test(mem_limit))).toEqual([]);
    expect(those(({ privileged }) => privileged !== undefined)).toEqual([]);
  });

  it("runs nothing as root", () => {
    expect(those(({ user, image }) => user === undefined && !ownUser(image))).toEqual([]);
    expect(those(({ user }) => /^(root|0)(:|$)/.test(user ?? ""))).toEqual([]);
  });

  it("asks each lasting container how it is, and the apps whether they are ready", () => {
    expect(those((one) => lasting(one) && one.healthcheck === undefined)).toEqual([]);
    expect(those((one, name) => appNames.some((app) => app === name) && !ready(one))).toEqual([]);
  });

  it("starts each container when those that it needs are healthy or done, and never by the clock", async () => {
    for (const [name, { depends_on }] of services) {
      for (const [needed, { condition }] of Object.entries(depends_on)) {
        const other = compose.services[needed];
        const right = other && lasting(other) ? "healthy" : "completed_successfully";
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

  it("gives an app longer to stop than the app takes", () => {
    const seconds = appNames.map((name) => Number.parseInt(grace(compose.services[name]), 10));
    expect(Math.min(...seconds)).toBeGreaterThan(10);
  });

  it("has no secret in it", () => {
    const given = services.flatMap(([, { environment }]) => Object.entries(environment));
    const secret = /password|secret|token|key/i;
    const named = given.filter(([name]) => secret.test(name) && !name.endsWith("_FILE"));
    expect(named).toEqual([]);
    const texts = services.flatMap(([, { environment, command = [] }]) => [
      ...Object.values(environment),
      ...command,
    ]);
    expect(texts.filter((text) => /:\/\/[^/@]*:[^/@]*@/.test(text))).toEqual([]);
    expect(those((service) => service.env_file !== undefined)).toEqual([]);
  });

  it("gives each app the volume with its own secrets, and no other's", () => {
    const secrets = Object.fromEntries(
      appNames.map((name) => [name, compose.services[name]?.volumes]),
    );
    expect(secrets).toEqual(
      Object.fromEntries(appNames.map((name) => [name, [`${name}-secrets:/run/fanfare:ro`]])),
    );
  });

  it.each(appNames)(
    "gives %s each variable that it needs, and none that it does not read",
    async (app) => {
      const all = variables.get(app) ?? [];
      expect(all.length).toBeGreaterThan(3);
      const given = Object.keys(compose.services[app]?.environment ?? {});
      expect(findUnset(all, [...given, ...(await readImageVariables("Dockerfile"))])).toEqual([]);
      expect(findUnread(all, given)).toEqual([]);
    },
  );

  it("keeps data in volumes with names, and mounts of the checkout only what it may read", () => {
    const mounts = services.flatMap(([, { volumes }]) => volumes);
    const bound = mounts.filter((mount) => mount.startsWith("."));
    expect(bound.filter((mount) => !/^\.\/deploy\/[\w./-]+:\/[\w./-]+:ro$/.test(mount))).toEqual(
      [],
    );
    const named = mounts.filter((mount) => !bound.includes(mount));
    const used = new Set(named.map((mount) => mount.split(":")[0] ?? ""));
    // The development server's data is of no use to the cluster.
    const declared = Object.keys(compose.volumes).filter((name) => name !== "temporal-data");
    expect([...used].filter((name) => name !== "temporal-data").toSorted(byName)).toEqual(
      declared.toSorted(byName),
    );
    const stateful = ["postgres", "nats", "temporal-postgres", "nats-2", "nats-3"];
    for (const name of stateful.filter((one) => one in compose.services)) {
      expect(compose.services[name]?.volumes.join(" ")).toContain(`${name}-data:`);
    }
  });

  it("is reached from this machine alone", () => {
    const ports = services.flatMap(([, service]) => service.ports);
    expect(ports.filter((port) => !port.startsWith("127.0.0.1:"))).toEqual([]);
  });
});

describe(".env.example", () => {
  it("has each variable of the compose files once, with its default", async () => {
    const lines = (await readRepository(".env.example")).split("\n");
    const told = lines.filter((line) => line !== "" && !line.startsWith("#"));
    const asked = new Set<string>();
    for (const file of files) {
      const text = await readRepository(file);
      for (const [, name, value] of text.matchAll(/\$\{(\w+)(?::-([^}]*))?\}/g)) {
        asked.add(`${name}=${value}`);
      }
    }
    // The one that compose itself reads.
    expect(told.toSorted()).toEqual([...asked, "COMPOSE_FILE=docker-compose.yml"].toSorted());
  });
});

const byName = (a: string, b: string) => a.localeCompare(b);

const lasting = ({ restart }: Service) => restart !== "no";

const ready = ({ healthcheck }: Service) => healthcheck?.test.join(" ").includes("/readyz");

/** Whether an image says itself who runs in it, and that is not root. */
const ownUser = (image: string) => image === fanfare || image.startsWith("temporalio/");

const grace = (service: Service | undefined): string =>
  /^\d+s$/.exec(service?.stop_grace_period ?? "")?.[0] ?? "none";
