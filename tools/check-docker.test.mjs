import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { checkDocker } from "./check-docker.mjs";

let folder;
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Returns variables whose PATH has a docker with this script, or none. */
async function createEnv(script) {
  folder = await mkdtemp(join(tmpdir(), "docker-"));
  if (script === undefined) return { PATH: folder };
  await writeFile(join(folder, "docker"), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return { PATH: [folder, "/usr/bin", "/bin"].join(delimiter) };
}

describe("checkDocker()", () => {
  it("accepts an engine with the compose plugin", async () => {
    const env = await createEnv(
      '[ "$1" = compose ] && echo Docker Compose version v2.39.1 || echo 28.2.2',
    );
    await expect(checkDocker(env)).resolves.toBeUndefined();
  });

  it.each([
    ["docker", undefined, /^expected docker on PATH, found none: install Docker/],
    [
      "the compose plugin",
      `[ "$1" = compose ] && { echo "docker: unknown command: docker compose" >&2; exit 1; } || echo 28`,
      /^expected the compose plugin 2 or newer, .*failed \(docker: unknown command: docker compose\): install/,
    ],
    [
      "an engine",
      '[ "$1" = compose ] && echo Docker Compose version v5.5.0 || { echo "Cannot connect to the Docker daemon" >&2; exit 1; }',
      /^expected a running Docker engine, .*\(Cannot connect to the Docker daemon\): start it/,
    ],
  ])("names what is missing: %s", async (_name, script, message) => {
    await expect(checkDocker(await createEnv(script))).rejects.toThrow(message);
  });
});
