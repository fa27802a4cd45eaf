import { type AppName, appNames, connections, reactorNames } from "@fanfare/topology";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { type Endpoint, type Port, readPolicies } from "../test/deploy/network-policies.ts";
import { renderManifests } from "../test/deploy/render-manifests.ts";

const template = z.object({
  template: z.object({
    metadata: z.object({ labels: z.record(z.string(), z.string()) }),
    spec: z.object({
      containers: z.array(
        z.object({
          ports: z.array(z.object({ name: z.string(), containerPort: z.number() })).default([]),
        }),
      ),
    }),
  }),
});

const elsewhere = (name: string, pod: Record<string, string> = {}): Endpoint => ({
  name,
  pod,
  namespace: { "kubernetes.io/metadata.name": name },
});
const servers: readonly (Endpoint & { readonly port: Port })[] = [
  { ...elsewhere("postgres"), port: { number: 5432 } },
  { ...elsewhere("nats"), port: { number: 4222 } },
  { ...elsewhere("temporal"), port: { number: 7233 } },
];
const outside = ["169.254.169.254", "10.0.0.1", "198.51.100.1"];
/** Any pod or machine that is no part of the system. */
const outsiders: readonly Endpoint[] = [
  elsewhere("default"),
  elsewhere("monitoring"),
  elsewhere("default", { "app.kubernetes.io/name": "prometheus" }),
  { name: "198.51.100.1", address: "198.51.100.1" },
];

describe("the network policies", async () => {
  const manifests = await renderManifests("deploy/kubernetes");
  const isAllowed = readPolicies(manifests);
  const pods = manifests
    .filter(({ kind }) => kind === "Deployment" || kind === "Job")
    .map(({ metadata: { name }, ...rest }) => {
      const { metadata, spec } = template.parse(rest["spec"]).template;
      const ports = spec.containers.flatMap((one) => one.ports);
      return {
        name,
        pod: metadata.labels,
        ports: ports.map((one) => ({ name: one.name, number: one.containerPort })),
      };
    });
  const readPod = (app: string) => {
    const found = pods.find(({ name }) => name === app);
    if (found === undefined) throw new Error(`expected a pod of ${app}, found none`);
    return found;
  };
  const names = [...appNames, "provision"] as const;

  /** The ports of the apps by their names in the topology. */
  const ports = appNames.flatMap((app) =>
    readPod(app).ports.map((port) => ({
      to: readPod(app),
      port,
      name: { http: app, health: `${app}-health` }[port.name] ?? port.name,
    })),
  );

  it.each(names)("let %s connect to its servers and apps, and to nothing else", (name) => {
    const from = readPod(name);
    const reached = [
      ...servers.filter((server) => isAllowed(from, server, server.port)).map((one) => one.name),
      ...ports.filter(({ to, port }) => isAllowed(from, to, port)).map((one) => one.name),
    ];
    expect(reached.toSorted()).toEqual(connections[name].toSorted());
  });

  it.each(names)("let %s reach no other port, pod or address, but for names and keys", (name) => {
    const from = readPod(name);
    const dns = elsewhere("kube-system", { "k8s-app": "kube-dns" });
    expect(isAllowed(from, dns, { number: 53, protocol: "UDP" })).toBe(true);
    const every: readonly Endpoint[] = [
      ...servers,
      ...pods,
      dns,
      elsewhere("default"),
      ...outside.map((address) => ({ name: address, address })),
    ];
    const common = [22, 80, 443, 2379, 4222, 5432, 6222, 7233, 8222, 10250];
    const known = servers.map((server) => `${server.name}:${server.port.number}`);
    const reached = every.flatMap((to) =>
      common.filter((number) => isAllowed(from, to, { number })).map((one) => `${to.name}:${one}`),
    );
    expect(reached.filter((one) => !known.includes(one))).toEqual([]);
    const issuer = { name: "issuer", address: "203.0.113.10" };
    const verifies = name !== "worker" && name !== "provision";
    expect(isAllowed(from, issuer, { number: 443 })).toBe(verifies);
  });

  it("let pods and machines outside of the system call the APIs, and nothing else", () => {
    const open: readonly AppName[] = ["trips", "riders", ...reactorNames];
    for (const from of outsiders) {
      const reached = ports.filter(({ to, port }) => isAllowed(from, to, port));
      expect(reached.map((one) => one.name).toSorted()).toEqual(open.toSorted());
    }
  });

  it("let Prometheus read the metrics of every app, and nothing else", () => {
    const prometheus = elsewhere("monitoring", { "app.kubernetes.io/name": "prometheus" });
    const closed: readonly AppName[] = ["fleet", "billing", "worker"];
    const reached = ports.filter(({ to, port }) => isAllowed(prometheus, to, port));
    const read = reached.map((one) => one.name);
    expect(read).toEqual(expect.arrayContaining(appNames.map((app) => `${app}-health`)));
    expect(
      read.filter((name) => closed.some((app) => app === name) || name === "registry"),
    ).toEqual([]);
  });
});
