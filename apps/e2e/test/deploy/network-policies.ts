import { BlockList, isIPv4 } from "node:net";
import { z } from "zod";
import type { Manifest } from "./render-manifests.ts";

const labels = z.record(z.string(), z.string());
const selector = z.strictObject({
  matchLabels: labels.default({}),
  matchExpressions: z
    .array(
      z.strictObject({
        key: z.string(),
        operator: z.literal("In"),
        values: z.array(z.string()),
      }),
    )
    .default([]),
});
const peer = z.strictObject({
  podSelector: selector.optional(),
  namespaceSelector: selector.optional(),
  ipBlock: z.strictObject({ cidr: z.string() }).optional(),
});
const port = z.strictObject({
  port: z.union([z.string(), z.number()]),
  protocol: z.enum(["TCP", "UDP"]).default("TCP"),
});
const rule = { ports: z.array(port).optional() };
const policy = z.strictObject({
  podSelector: selector,
  policyTypes: z.array(z.enum(["Ingress", "Egress"])),
  ingress: z.array(z.strictObject({ ...rule, from: z.array(peer).optional() })).default([]),
  egress: z.array(z.strictObject({ ...rule, to: z.array(peer).optional() })).default([]),
});

type Labels = z.infer<typeof labels>;

/** One end of a connection: a pod, or an address outside of the cluster. */
export interface Endpoint {
  readonly name: string;
  /** The labels of the pod. */
  readonly pod?: Labels;
  /** The labels of its namespace. Absent: the namespace of the policies. */
  readonly namespace?: Labels;
  /** The address of what is no pod. */
  readonly address?: string;
}

/** A port of an endpoint. */
export interface Port {
  readonly name?: string;
  readonly number: number;
  readonly protocol?: "TCP" | "UDP";
}

/**
 * Returns a function that decides, as Kubernetes does, whether the NetworkPolicies of a namespace let one
 * endpoint connect to a port of another.
 */
export function readPolicies(manifests: readonly Manifest[]) {
  const policies = manifests
    .filter(({ kind }) => kind === "NetworkPolicy")
    .map((one) => policy.parse(one["spec"]));

  const select = (end: Endpoint, type: "Ingress" | "Egress") =>
    end.namespace !== undefined || end.pod === undefined
      ? []
      : policies.filter(
          (one) => one.policyTypes.includes(type) && matches(one.podSelector, end.pod ?? {}),
        );

  return function isAllowed(from: Endpoint, to: Endpoint, target: Port): boolean {
    const [leaving, entering] = [select(from, "Egress"), select(to, "Ingress")];
    const leaves = leaving
      .flatMap(({ egress }) => egress)
      .some((one) => includesPort(one.ports, target) && includesPeer(one.to, to));
    const enters = entering
      .flatMap(({ ingress }) => ingress)
      .some((one) => includesPort(one.ports, target) && includesPeer(one.from, from));
    return (leaving.length === 0 || leaves) && (entering.length === 0 || enters);
  };
}

function includesPort(ports: readonly z.infer<typeof port>[] | undefined, target: Port): boolean {
  const { name, number, protocol = "TCP" } = target;
  return (
    ports === undefined ||
    ports.some((one) => one.protocol === protocol && (one.port === name || one.port === number))
  );
}

/** A rule without peers allows every peer. */
function includesPeer(peers: readonly z.infer<typeof peer>[] | undefined, end: Endpoint): boolean {
  return peers === undefined || peers.some((one) => isPeer(one, end));
}

function isPeer(one: z.infer<typeof peer>, { pod, namespace, address }: Endpoint): boolean {
  if (one.ipBlock !== undefined) return address !== undefined && isIn(one.ipBlock.cidr, address);
  if (pod === undefined) return false;
  const inNamespace =
    one.namespaceSelector === undefined
      ? namespace === undefined
      : matches(one.namespaceSelector, namespace ?? {});
  return inNamespace && (one.podSelector === undefined || matches(one.podSelector, pod));
}

function matches({ matchLabels, matchExpressions }: z.infer<typeof selector>, found: Labels) {
  return (
    Object.entries(matchLabels).every(([key, value]) => found[key] === value) &&
    matchExpressions.every(({ key, values }) => values.includes(found[key] ?? ""))
  );
}

function isIn(cidr: string, address: string): boolean {
  const [base = "", prefix = "32"] = cidr.split("/");
  const list = new BlockList();
  list.addSubnet(base, Number(prefix), isIPv4(base) ? "ipv4" : "ipv6");
  return list.check(address, isIPv4(address) ? "ipv4" : "ipv6");
}
