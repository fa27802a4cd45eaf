import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { kustomize, provideProgram } from "@fanfare/dev-stack";
import { parseAllDocuments } from "yaml";
import { z } from "zod";
import { root } from "./repository.ts";

const manifest = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({
    name: z.string(),
    labels: z.record(z.string(), z.string()).optional(),
  }),
});

/** A Kubernetes resource. */
export type Manifest = z.infer<typeof manifest>;

/** Runs `kustomize build` on a folder of the repository, and returns the resources that it prints. */
export async function renderManifests(folder: string): Promise<readonly Manifest[]> {
  const command = await provideProgram(kustomize);
  const { stdout } = await promisify(execFile)(command, ["build", folder], { cwd: root });
  // Kubernetes reads YAML 1.1, in which 0440 is octal.
  const documents = parseAllDocuments(stdout, { version: "1.1" });
  return documents.map((document) => manifest.parse(document.toJS()));
}
