import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { UserError } from "./user-error.mjs";

const run = promisify(execFile);

/**
 * Rejects with a UserError when Docker, its compose plugin (2 or newer) or a running engine is missing,
 * and states which and what to do.
 */
export async function checkDocker(env = process.env) {
  const version = await ask(["compose", "version"], env);
  if (version.missing) {
    throw new UserError(
      "expected docker on PATH, found none: install Docker Engine and its compose plugin",
    );
  }
  if (!/\bv?([2-9]|\d\d)\./.test(version.output)) {
    throw new UserError(
      `expected the compose plugin 2 or newer, "docker compose version" ${version.failure}: ` +
        "install the docker-compose-plugin of Docker's packages",
    );
  }
  const engine = await ask(["info", "--format", "{{.ServerVersion}}"], env);
  if (engine.output === "") {
    throw new UserError(
      `expected a running Docker engine, "docker info" ${engine.failure}: ` +
        "start it, and check that this user may use it",
    );
  }
}

/** Runs docker, and resolves to its output, empty when it failed, and to how it failed. */
async function ask(args, env) {
  try {
    const output = (await run("docker", args, { env, timeout: 30_000 })).stdout.trim();
    return { output, failure: `printed "${output}"`, missing: false };
  } catch (error) {
    const [line = ""] = String(error.stderr ?? "")
      .trim()
      .split("\n");
    return {
      output: "",
      failure: `failed (${line || error.message})`,
      missing: error.code === "ENOENT",
    };
  }
}
