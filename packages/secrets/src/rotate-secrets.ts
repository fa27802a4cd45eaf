import { parts } from "./parts.ts";
import { openSecretsFolder } from "./secrets-folder.ts";

/** Options of {@link rotateSecrets}. */
export interface RotateOptions {
  /** Called with a sentence after each step. */
  readonly report: (line: string) => void;
  /** How long to wait for processes to take new secrets. Default: 2 minutes. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

/** The parts that can be rotated. */
export const rotatableParts: readonly string[] = parts
  .filter((part) => part.rotate !== undefined)
  .map(({ name }) => name);

/**
 * Replaces the secrets of one part while the system runs. The earlier ones work until no process uses them.
 * Resumes a rotation that was interrupted. Returns the files that were written.
 */
export async function rotateSecrets(
  path: string,
  name: string,
  { report, timeoutMs = 120_000, signal }: RotateOptions,
): Promise<readonly string[]> {
  const part = parts.find((one) => one.name === name);
  if (part?.rotate === undefined) {
    throw new Error(
      `expected a part to rotate, got "${name}": choose one of ${rotatableParts.join(", ")}`,
    );
  }
  const folder = openSecretsFolder(path);
  await part.rotate({ folder, report, timeoutMs, signal });
  return folder.written;
}
