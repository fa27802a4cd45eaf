import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { kubeconform, provideProgram } from "@fanfare/dev-stack";
import { z } from "zod";
import type { Manifest } from "./render-manifests.ts";
import { root } from "./repository.ts";

const schemas = `${root}third_party/kubernetes/schemas/{{ .ResourceKind }}{{ .KindSuffix }}.json`;

const report = z.object({
  resources: z.array(
    z.object({ kind: z.string(), name: z.string(), status: z.string(), msg: z.string() }),
  ),
});

/**
 * Validates resources with kubeconform, which also refuses unknown fields. Returns the errors by
 * `<kind> <name>`; a valid resource has an empty string.
 */
export async function validateManifests(
  manifests: readonly Manifest[],
): Promise<ReadonlyMap<string, string>> {
  const args = ["-strict", "-verbose", "-output", "json", "-schema-location", schemas, "-"];
  const child = spawn(await provideProgram(kubeconform), args, {
    stdio: ["pipe", "pipe", "inherit"],
  });
  child.stdin.end(manifests.map((one) => JSON.stringify(one)).join("\n---\n"));
  const { resources } = report.parse(JSON.parse(await text(child.stdout)));
  return new Map(resources.map(({ kind, name, msg }) => [`${kind} ${name}`, msg]));
}
