import {
  type AppName,
  appNames,
  groups,
  type Reactor,
  reactorNames,
  reactors,
} from "@fanfare/topology";
import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import {
  type AppVariable,
  findUnread,
  findUnset,
  readAppVariables,
} from "../test/deploy/app-variables.ts";
import { readCompose } from "../test/deploy/compose-model.ts";
import { readImageVariables } from "../test/deploy/dockerfile-model.ts";
import { type Manifest, renderManifests } from "../test/deploy/render-manifests.ts";
import { readRepository } from "../test/deploy/repository.ts";
import { validateManifests } from "../test/deploy/validate-manifests.ts";

const texts = z.record(z.string(), z.string());
const named = z.looseObject({ name: z.string() });
const probe = z.object({ httpGet: z.object({ path: z.string(), port: z.string() }) });
const container = z.object({
  image: z.string(),
  workingDir: z.string().optional(),
  env: z.array(z.object({ name: z.string(), value: z.string() })),
  ports: z.array(named).default([]),
  resources: z.object({
    requests: z.object({ cpu: z.string(), memory: z.string() }),
    limits: z.object({ memory: z.string() }),
  }),
  startupProbe: probe.optional(),
  readinessProbe: probe.optional(),
  livenessProbe: probe.optional(),
  lifecycle: z
    .object({ preStop: z.object({ sleep: z.object({ seconds: z.number() }) }) })
    .optional(),
  securityContext: z.unknown(),
  volumeMounts: z.array(named),
});
const pods = z.object({
  replicas: z.number().optional(),
  selector: z.object({ matchLabels: texts }).optional(),
  template: z.object({
    metadata: z.object({ labels: texts }),
    spec: z.object({
      terminationGracePeriodSeconds: z.number().optional(),
      securityContext: z.unknown(),
      containers: z.array(container).length(1),
      volumes: z.array(
        z.object({
          name: z.string(),
          secret: z.object({ secretName: z.string() }).optional(),
        }),
      ),
    }),
  }),
});
const scaled = z.object({
  scaleTargetRef: named,
  minReplicaCount: z.number(),
  maxReplicaCount: z.number(),
  triggers: z.array(z.object({ type: z.literal("nats-jetstream"), metadata: texts })),
});
const selecting = z.object({
  selector: texts,
  ports: z.array(z.object({ targetPort: z.string() })),
});
const budget = z.object({ maxUnavailable: z.number(), selector: z.object({ matchLabels: texts }) });
const settings = z.object({ data: texts });

const deliveries = new Map(
  groups.map(({ group, topics }) => [
    group,
    topics.map((topic) => `fanfare_${topic.replaceAll(".", "_")}`),
  ]),
);

/** The reactors that more processes make faster. */
const scaling = listReactors()
  .filter(({ serial }) => serial === undefined)
  .map(({ name }) => name);

function listReactors(): readonly Reactor[] {
  return reactors;
}

const variables = new Map<AppName, readonly AppVariable[]>();
beforeAll(async () => {
  for (const name of appNames) variables.set(name, await readAppVariables(name));
}, 120_000);

describe("deploy/kubernetes", async () => {
  const all = await renderManifests("deploy/kubernetes");
  const of = (kind: string): readonly Manifest[] => all.filter((one) => one.kind === kind);
  const readSpec = <T>(schema: z.ZodType<T>, kind: string, name: string): T =>
    schema.parse(of(kind).find(({ metadata }) => metadata.name === name)?.["spec"]);
  const readPod = (app: string) => readSpec(pods, "Deployment", app).template.spec;
  const given = (app: string) => {
    const own = readPod(app).containers[0]?.env.map(({ name }) => name) ?? [];
    const { data } = settings.parse(of("ConfigMap")[0]);
    return { own, all: [...own, ...Object.keys(data)] };
  };

  const errors = await validateManifests(all);

  it.each(all.map(({ kind, metadata }) => `${kind} ${metadata.name}`))(
    "matches the schema of %s",
    (name) => {
      expect(errors.get(name)).toBe("");
    },
  );

  it("has each resource once, in its namespace", () => {
    const keys = all.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    expect(keys).toEqual([...new Set(keys)]);
    const elsewhere = all.filter(({ metadata }) => metadata["namespace"] !== "fanfare");
    expect(elsewhere.map(({ kind }) => kind)).toEqual(["Namespace"]);
  });

  it("runs every app from one image with a tag, each from its own folder", () => {
    expect(
      of("Deployment")
        .map(({ metadata }) => metadata.name)
        .toSorted(),
    ).toEqual(appNames.toSorted());
    const containers = appNames.map((name) => readPod(name).containers[0]);
    expect(new Set(containers.map((one) => one?.image)).size).toBe(1);
    expect(containers[0]?.image).toMatch(/:\d+\.\d+\.\d+$/);
    expect(containers.map((one) => one?.workingDir)).toEqual(
      appNames.map((name) => `/app/apps/${name}`),
    );
  });

  it.each(appNames)("describes the services of %s to nobody", (app) => {
    expect(given(app).all).not.toContain("REFLECTION");
  });

  it.each(appNames)("probes %s, and limits its memory as compose does", async (app) => {
    const [one] = readPod(app).containers;
    expect(one?.readinessProbe?.httpGet).toEqual({ path: "/readyz", port: "health" });
    // An app that waits for its servers is not ready, and must not be killed.
    for (const alive of [one?.startupProbe, one?.livenessProbe]) {
      expect(alive?.httpGet).toEqual({ path: "/healthz", port: "health" });
    }
    const { services } = await readCompose(["docker-compose.yml"]);
    expect(one?.resources.limits.memory).toBe(services[app]?.mem_limit?.replace("m", "Mi"));
  });

  it.each([...appNames, "provision"])("gives %s the least privileges", (name) => {
    const { securityContext, containers } =
      name === "provision" ? readSpec(pods, "Job", name).template.spec : readPod(name);
    expect(securityContext).toMatchObject({
      runAsNonRoot: true,
      seccompProfile: { type: "RuntimeDefault" },
    });
    expect(containers[0]?.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    });
  });

  it.each(appNames)("gives %s time to stop", (app) => {
    const { terminationGracePeriodSeconds = 0, containers } = readPod(app);
    const waits = containers[0]?.lifecycle?.preStop.sleep.seconds ?? 0;
    expect(terminationGracePeriodSeconds).toBeGreaterThan(waits + 10);
  });

  it.each(appNames)(
    "gives %s every variable that it needs, and only its own secrets",
    async (app) => {
      const known = variables.get(app) ?? [];
      const { own, all: every } = given(app);
      expect(findUnset(known, [...every, ...(await readImageVariables("Dockerfile"))])).toEqual([]);
      expect(findUnread(known, own)).toEqual([]);
      const secrets = readPod(app).volumes.flatMap(({ secret }) => secret?.secretName ?? []);
      expect(secrets).toEqual([app]);
    },
  );

  it("mounts every volume, and lists each secret in the README", async () => {
    const readme = await readRepository("deploy/kubernetes/README.md");
    for (const app of appNames) {
      const { volumes, containers } = readPod(app);
      const mounted = containers[0]?.volumeMounts.map(({ name }) => name).toSorted();
      expect(volumes.map(({ name }) => name).toSorted()).toEqual(mounted);
      const isReactor = reactorNames.some((name) => name === app);
      expect(readme).toContain(isReactor ? "each reactor by its name" : `\`${app}\``);
    }
  });

  it("routes each service to ports of its app", () => {
    const services = of("Service").map(({ metadata }) => metadata.name);
    for (const name of services) {
      const { selector, ports } = readSpec(selecting, "Service", name);
      const app = appNames.find((one) => one === selector["app.kubernetes.io/name"]);
      const open = readPod(app ?? "").containers[0]?.ports.map((port) => port.name);
      expect(open).toEqual(expect.arrayContaining(ports.map(({ targetPort }) => targetPort)));
    }
    // Nothing calls the worker: its work comes from Temporal.
    const served = appNames.filter((name) => name !== "worker");
    expect(services.toSorted()).toEqual([...served, "registry"].toSorted());
  });

  it("selects its own pods, and allows one disruption at a time", () => {
    for (const app of appNames) {
      const { selector, template, replicas } = readSpec(pods, "Deployment", app);
      const label = { "app.kubernetes.io/name": app };
      expect(selector?.matchLabels).toEqual(label);
      expect(template.metadata.labels).toMatchObject(label);
      const disruption = readSpec(budget, "PodDisruptionBudget", app);
      expect(disruption).toEqual({ maxUnavailable: 1, selector: { matchLabels: label } });
      // A single pod could not be disrupted. KEDA sets the replicas of the reactors.
      const least = scaling.find((name) => name === app)
        ? readSpec(scaled, "ScaledObject", app).minReplicaCount
        : replicas;
      expect({ app, least }).toEqual({ app, least: 2 });
    }
  });

  it("scales no reactor whose events are handled one after the other", () => {
    expect(scaling).not.toContain("audit");
    expect(of("ScaledObject").map(({ metadata }) => metadata.name)).toEqual(scaling.toSorted());
  });

  it.each(scaling)("scales %s by the pending events of its group", (group) => {
    const { scaleTargetRef, triggers, ...counts } = readSpec(scaled, "ScaledObject", group);
    expect(scaleTargetRef.name).toBe(group);
    expect(readSpec(pods, "Deployment", group).replicas).toBeUndefined();
    expect(counts.maxReplicaCount).toBeGreaterThan(counts.minReplicaCount);
    const waited = triggers.map(({ metadata }) => metadata);
    expect(waited.map(({ consumer }) => consumer)).toEqual(deliveries.get(group)?.map(() => group));
    expect(waited.map(({ stream }) => stream)).toEqual(deliveries.get(group));
  });
});
