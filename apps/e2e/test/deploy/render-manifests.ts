import { join } from "node:path";
import { parse, parseAllDocuments } from "yaml";
import { z } from "zod";
import { readRepository } from "./repository.ts";

const manifest = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({
    name: z.string(),
    labels: z.record(z.string(), z.string()).optional(),
  }),
});

/** Manifest is a Kubernetes resource. */
export type Manifest = z.infer<typeof manifest>;

// Strict, so that what this does not render is refused, and not left out.
const kustomization = z.strictObject({
  apiVersion: z.literal("kustomize.config.k8s.io/v1beta1"),
  kind: z.literal("Kustomization"),
  namespace: z.string(),
  labels: z.array(z.strictObject({ pairs: z.record(z.string(), z.string()) })),
  resources: z.array(z.string()),
  patches: z.array(
    z.strictObject({ path: z.string(), target: z.strictObject({ kind: z.string() }) }),
  ),
  images: z.array(z.strictObject({ name: z.string(), newName: z.string(), newTag: z.string() })),
  configMapGenerator: z.array(z.strictObject({ name: z.string(), literals: z.array(z.string()) })),
});

/**
 * renderManifests gives what `kustomize build` makes of a folder, but for the hash that it adds to
 * the names of generated ConfigMaps.
 */
export async function renderManifests(folder: string): Promise<readonly Manifest[]> {
  const text = await readRepository(join(folder, "kustomization.yaml"));
  const { namespace, labels, resources, patches, images, configMapGenerator } = kustomization.parse(
    parse(text),
  );
  const written = await Promise.all(resources.map((path) => readManifests(join(folder, path))));
  const generated = configMapGenerator.map(({ name, literals }) => ({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name },
    data: Object.fromEntries(literals.map((literal) => splitOnce(literal, "="))),
  }));
  const pairs = Object.assign({}, ...labels.map((one) => one.pairs));
  const layers = await Promise.all(
    patches.map(async ({ path, target }) => ({
      target,
      layers: await readManifests(join(folder, path)),
    })),
  );
  return [...written.flat(), ...generated].map((resource) => {
    const applied = layers
      .filter(({ target }) => target.kind === resource.kind)
      .flatMap((patch) => patch.layers)
      // A patch changes what it targets, not what it is called.
      .reduce<unknown>((under, { spec }) => patched(under, { spec }), resource);
    const whole = manifest.parse(withImages(applied, images));
    const place = whole.kind === "Namespace" ? {} : { namespace };
    const metadata = {
      ...whole.metadata,
      ...place,
      labels: { ...whole.metadata.labels, ...pairs },
    };
    return { ...whole, metadata };
  });
}

// As Kubernetes reads them, where 0440 is octal.
async function readManifests(path: string): Promise<readonly Manifest[]> {
  const documents = parseAllDocuments(await readRepository(path), { version: "1.1" });
  return documents.map((document) => manifest.parse(document.toJS()));
}

function splitOnce(text: string, separator: string): readonly [string, string] {
  const at = text.indexOf(separator);
  return [text.slice(0, at), text.slice(at + 1)];
}

/** By what a strategic merge tells the entries of a list apart; other lists are replaced. */
const keys: Readonly<Record<string, string>> = {
  containers: "name",
  env: "name",
  ports: "containerPort",
  volumes: "name",
  volumeMounts: "mountPath",
};

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function patched(under: unknown, over: unknown, field = ""): unknown {
  if (over === undefined) return under;
  if (isMap(under) && isMap(over)) {
    const names = new Set([...Object.keys(under), ...Object.keys(over)]);
    return Object.fromEntries(
      [...names].map((name) => [name, patched(under[name], over[name], name)]),
    );
  }
  const key = keys[field];
  if (key === undefined || !Array.isArray(under) || !Array.isArray(over)) return over;
  const byKey = new Map<unknown, unknown>();
  for (const entry of [...over, ...under].filter(isMap)) byKey.set(entry[key], undefined);
  const find = (list: readonly unknown[], value: unknown) =>
    list.filter(isMap).find((entry) => entry[key] === value);
  return [...byKey.keys()].map((value) => patched(find(under, value), find(over, value)));
}

/** withImages names the images as the kustomization does, wherever there is one. */
function withImages(
  value: unknown,
  images: z.infer<typeof kustomization>["images"],
  field = "",
): unknown {
  if (Array.isArray(value)) return value.map((entry) => withImages(entry, images));
  if (isMap(value)) {
    const entries = Object.entries(value).map(([name, one]) => [
      name,
      withImages(one, images, name),
    ]);
    return Object.fromEntries(entries);
  }
  const image = field === "image" ? images.find(({ name }) => name === value) : undefined;
  return image === undefined ? value : `${image.newName}:${image.newTag}`;
}
