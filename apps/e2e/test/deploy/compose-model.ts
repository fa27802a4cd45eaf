import { parse, type Tags } from "yaml";
import { z } from "zod";
import { readRepository } from "./repository.ts";

const texts = z.array(z.string());
const limited = z.object({
  test: texts,
  interval: z.string(),
  timeout: z.string(),
  retries: z.number(),
  start_period: z.string(),
});
const service = z.object({
  image: z.string(),
  build: z.unknown().optional(),
  user: z.string().optional(),
  command: texts.optional(),
  entrypoint: z.unknown().optional(),
  environment: z.record(z.string(), z.string()).default({}),
  env_file: z.unknown().optional(),
  init: z.boolean().default(false),
  read_only: z.boolean().default(false),
  privileged: z.unknown().optional(),
  cap_drop: texts.default([]),
  security_opt: texts.default([]),
  mem_limit: z.string().optional(),
  restart: z.string().optional(),
  profiles: texts.default([]),
  ports: texts.default([]),
  network_mode: z.string().optional(),
  networks: z.record(z.string(), z.unknown()).default({ default: null }),
  volumes: texts.default([]),
  stop_grace_period: z.string().optional(),
  working_dir: z.string().optional(),
  depends_on: z.record(z.string(), z.object({ condition: z.string() })).default({}),
  healthcheck: limited.partial({ interval: true }).optional(),
});
const file = z.object({
  name: z.string(),
  services: z.record(z.string(), service),
  networks: z.record(
    z.string(),
    z.object({ internal: z.boolean().default(false), driver_opts: z.unknown().optional() }),
  ),
  volumes: z.record(z.string(), z.null()),
});

/** The parts of a compose project that the tests check. */
export type ComposeFile = z.infer<typeof file>;
/** A service of a compose project. */
export type Service = z.infer<typeof service>;

/** The value of !override, or undefined for !reset. It replaces the value of earlier files. */
class Replacement {
  readonly value: unknown;
  constructor(value: unknown) {
    this.value = value;
  }
}

const tags: Tags = [
  { tag: "!override", collection: "seq", resolve: (node) => new Replacement(node.toJSON()) },
  { tag: "!override", collection: "map", resolve: (node) => new Replacement(node.toJSON()) },
  { tag: "!reset", collection: "seq", resolve: () => new Replacement(undefined) },
];

/** Reads compose files, and merges each into those before it with compose's rules. */
export async function readCompose(paths: readonly string[]): Promise<ComposeFile> {
  const layers = await Promise.all(
    paths.map(async (path) =>
      z
        .looseObject({ services: z.record(z.string(), z.looseObject({})) })
        .parse(
          parse(await readRepository(path), { merge: true, customTags: tags, maxAliasCount: -1 }),
        ),
    ),
  );
  const base = layers[0]?.services ?? {};
  const whole = layers.reduce<unknown>((under, layer) => {
    const services = Object.entries(layer.services).map(([name, { extends: from, ...own }]) => {
      const other = z.object({ service: z.string() }).safeParse(from).data?.service;
      return [name, other === undefined ? own : merge(own, base[other], "")];
    });
    return merge({ ...layer, services: Object.fromEntries(services) }, under, "");
  }, {});
  return file.parse(whole);
}

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Merges a value into another: maps and lists are joined, except for the words of a command. */
function merge(over: unknown, under: unknown, key: string): unknown {
  if (over instanceof Replacement) return key === "networks" ? toMap(over.value) : over.value;
  if (key === "networks" && Array.isArray(over)) return merge(toMap(over), toMap(under), "");
  if (over === undefined) return key === "networks" ? toMap(under) : under;
  if (isMap(over)) {
    const below = isMap(under) ? under : {};
    const keys = new Set([...Object.keys(below), ...Object.keys(over)]);
    return Object.fromEntries(
      [...keys].map((name) => [name, merge(over[name], below[name], name)]),
    );
  }
  if (!Array.isArray(over) || !Array.isArray(under)) return over;
  if (key === "command" || key === "test") return over;
  if (key !== "volumes") return [...new Set([...under, ...over])];
  const mounted = new Set(over.map(readMountTarget));
  return [...under.filter((volume) => !mounted.has(readMountTarget(volume))), ...over];
}

/** Returns the map that a list of names stands for. */
function toMap(value: unknown): unknown {
  return Array.isArray(value) ? Object.fromEntries(value.map((name) => [name, {}])) : value;
}

/** Returns the path at which a volume is mounted. */
function readMountTarget(volume: unknown): string {
  return String(volume).split(":")[1] ?? "";
}
