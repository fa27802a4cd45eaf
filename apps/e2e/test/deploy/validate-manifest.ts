import { ScaledObject } from "@kubernetes-models/keda/keda.sh/v1alpha1/ScaledObject";
import { Deployment } from "kubernetes-models/apps/v1/Deployment";
import { Job } from "kubernetes-models/batch/v1/Job";
import { NetworkPolicy } from "kubernetes-models/networking.k8s.io/v1/NetworkPolicy";
import { PodDisruptionBudget } from "kubernetes-models/policy/v1/PodDisruptionBudget";
import { ConfigMap } from "kubernetes-models/v1/ConfigMap";
import { Namespace } from "kubernetes-models/v1/Namespace";
import { Service } from "kubernetes-models/v1/Service";
import type { Manifest } from "./render-manifests.ts";

const kinds: Readonly<Record<string, { readonly prototype: { validate(): void } }>> = {
  "apps/v1 Deployment": Deployment,
  "batch/v1 Job": Job,
  "keda.sh/v1alpha1 ScaledObject": ScaledObject,
  "networking.k8s.io/v1 NetworkPolicy": NetworkPolicy,
  "policy/v1 PodDisruptionBudget": PodDisruptionBudget,
  "v1 ConfigMap": ConfigMap,
  "v1 Namespace": Namespace,
  "v1 Service": Service,
};

/** validateManifest says what the schema of its kind has against a resource, unknown fields included. */
export function validateManifest(manifest: Manifest): readonly string[] {
  const type = `${manifest.apiVersion} ${manifest.kind}`;
  const kind = kinds[type];
  if (kind === undefined) return [`there is no schema of ${type}`];
  const { watched, unread } = watch(manifest);
  try {
    // Called on the resource itself: an instance would be a copy of it, for which all of it is read.
    kind.prototype.validate.call(watched);
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
  return unread().map((path) => `${path} is unknown`);
}

/**
 * watch gives a value whose fields are noted when they are read. A schema's code reads each field
 * that it knows, so that those which it did not read are unknown to it.
 */
function watch(value: object, path = ""): { watched: object; unread: () => readonly string[] } {
  const fields = new Map<PropertyKey, ReturnType<typeof watch> | undefined>();
  const watched = new Proxy(value, {
    get(target, name) {
      const field: unknown = Reflect.get(target, name);
      if (typeof field !== "object" || field === null) {
        fields.set(name, undefined);
        return field;
      }
      const inner = fields.get(name) ?? watch(field, `${path}/${String(name)}`);
      fields.set(name, inner);
      return inner.watched;
    },
  });
  const unread = () =>
    Object.keys(value).flatMap((name) =>
      fields.has(name) ? (fields.get(name)?.unread() ?? []) : [`${path}/${name}`],
    );
  return { watched, unread };
}
