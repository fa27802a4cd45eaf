// Derives the JSON schemas in third_party/kubernetes from the sources of Kubernetes and KEDA, which it
// downloads as Go modules: node tools/vendor-kubernetes-schemas.mjs. Needs Go and a Go module proxy.
import { execFileSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";

const kubernetesModule = "k8s.io/kubernetes@v1.36.3";
const kedaModule = "github.com/kedacore/keda/v2@v2.20.2";

/** The kinds in deploy/kubernetes, by the file name that kubeconform looks for. */
const kinds = {
  "configmap-v1": "io.k8s.api.core.v1.ConfigMap",
  "deployment-apps-v1": "io.k8s.api.apps.v1.Deployment",
  "job-batch-v1": "io.k8s.api.batch.v1.Job",
  "namespace-v1": "io.k8s.api.core.v1.Namespace",
  "networkpolicy-networking-v1": "io.k8s.api.networking.v1.NetworkPolicy",
  "poddisruptionbudget-policy-v1": "io.k8s.api.policy.v1.PodDisruptionBudget",
  "service-v1": "io.k8s.api.core.v1.Service",
};
const quantity = "io.k8s.apimachinery.pkg.api.resource.Quantity";

const output = fileURLToPath(new URL("../third_party/kubernetes/schemas/", import.meta.url));

function download(module) {
  const json = execFileSync("go", ["mod", "download", "-json", module], { encoding: "utf8" });
  return JSON.parse(json).Dir;
}

/** Returns a strict JSON schema: unknown fields are refused, descriptions and extensions left out. */
function tighten(schema) {
  if (Array.isArray(schema)) return schema.map(tighten);
  if (typeof schema !== "object" || schema === null) return schema;
  if (schema["x-kubernetes-int-or-string"] || schema.format === "int-or-string") {
    return { oneOf: [{ type: "string" }, { type: "integer" }] };
  }
  const kept = Object.entries(schema).filter(
    ([name, value]) =>
      !(name === "description" && typeof value === "string") &&
      !name.startsWith("x-kubernetes-") &&
      !(name === "format" && typeof value === "string"),
  );
  const tight = Object.fromEntries(
    kept.map(([name, value]) => [
      name,
      name === "properties" ? mapValues(value, tighten) : tighten(value),
    ]),
  );
  if (typeof tight.properties === "object" && tight.additionalProperties === undefined) {
    tight.additionalProperties = false;
  }
  return tight;
}

function mapValues(object, map) {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, map(value)]));
}

/** Collects the names of the definitions that a definition refers to, directly or not, and its own. */
function collectReferences(name, definitions, found = new Set()) {
  if (found.has(name)) return found;
  found.add(name);
  for (const [, other] of JSON.stringify(definitions[name]).matchAll(
    /"#\/definitions\/([^"]+)"/g,
  )) {
    collectReferences(other, definitions, found);
  }
  return found;
}

function write(name, schema) {
  writeFileSync(join(output, `${name}.json`), `${JSON.stringify(schema)}\n`);
}

rmSync(output, { recursive: true, force: true });
execFileSync("mkdir", ["-p", output]);

const swagger = join(download(kubernetesModule), "api", "openapi-spec", "swagger.json");
const definitions = mapValues(JSON.parse(readFileSync(swagger, "utf8")).definitions, tighten);
definitions[quantity] = { oneOf: [{ type: "string" }, { type: "number" }] };
for (const [file, name] of Object.entries(kinds)) {
  const needed = [...collectReferences(name, definitions)].toSorted((a, b) => (a < b ? -1 : 1));
  write(file, {
    ...definitions[name],
    required: ["apiVersion", "kind", "metadata"],
    definitions: Object.fromEntries(
      needed.filter((each) => each !== name).map((each) => [each, definitions[each]]),
    ),
  });
}

const crd = join(download(kedaModule), "config", "crd", "bases", "keda.sh_scaledobjects.yaml");
const version = parse(readFileSync(crd, "utf8")).spec.versions.find(
  ({ name }) => name === "v1alpha1",
);
const scaledObject = tighten(version.schema.openAPIV3Schema);
delete scaledObject.properties.metadata.additionalProperties;
write("scaledobject-keda-v1alpha1", scaledObject);
