import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type TokenClaims, waitUntil } from "@fanfare/dev-stack";
import { type AppName, appNames } from "@fanfare/topology";
import { type Clients, createClients } from "../clients.ts";
import { repeatLostCalls } from "./repeat-lost-calls.ts";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../../../..", import.meta.url));

/** A compose project with its own containers, volumes and network. */
export interface Compose {
  readonly project: string;
  /** Runs `docker compose`, and resolves to its stdout. Rejects with the end of its stderr. */
  readonly compose: (...args: readonly string[]) => Promise<string>;
  /** Creates clients for the current ports of the apps: a restart of a container may change its port. */
  readonly clients: () => Promise<Clients>;
}

/** Options of {@link createCompose}. */
export interface ComposeOptions {
  readonly project: string;
  /** Paths from the root of the repository. */
  readonly files: readonly string[];
  /** Values for the variables of .env.example. */
  readonly variables: Readonly<Record<string, string>>;
}

/** Runs docker, for at most 15 minutes as it builds images, and resolves to its stdout. */
export async function docker(args: readonly string[], env = process.env): Promise<string> {
  const options = { cwd: root, env, timeout: 900_000, maxBuffer: 64 * 1024 * 1024 };
  try {
    return (await run("docker", args, options)).stdout.trim();
  } catch (error) {
    const output = error instanceof Error && "stderr" in error ? String(error.stderr) : "";
    const end = output.trim().split("\n").slice(-30).join("\n");
    throw new Error(`docker ${args.join(" ")} failed:\n${end}`, { cause: error });
  }
}

/** Creates a project without starting it. */
export function createCompose({ project, files, variables }: ComposeOptions): Compose {
  const where = files.flatMap((file) => ["--file", file]);
  const env = { ...process.env, ...variables };
  const inProject = async (...args: readonly string[]) =>
    await docker(
      ["compose", "--project-name", project, "--progress", "quiet", ...where, ...args],
      env,
    );
  const compose = async (...args: readonly string[]) =>
    await inProject(...args).catch(async (error: unknown) => {
      if (args[0] !== "up") throw error;
      const logs = await inProject("logs", "--tail=10").catch(String);
      throw new Error(`${String(error)}\n${logs}`, { cause: error });
    });
  const tokens = new Map<string, Promise<string>>();

  function mintToken({ role, subject }: TokenClaims): Promise<string> {
    const who = ["--role", role, "--subject", subject, "--expires-in", "12h"];
    const token =
      tokens.get(who.join(" ")) ??
      compose("run", "--rm", "--no-deps", "-T", "fanfare", "token", ...who);
    tokens.set(who.join(" "), token);
    return token;
  }

  return {
    project,
    compose,
    async clients() {
      const reachable = appNames.filter((name) => name !== "worker");
      const urls = new Map<AppName, string>();
      for (const name of reachable) {
        // A container has no port while it restarts.
        const address = await waitUntil(() => compose("port", name, "8080"), {
          what: `the port of ${name}`,
          intervalMs: 250,
          timeoutMs: 60_000,
        });
        urls.set(name, `http://${address}`);
      }
      return createClients({
        findUrl: (name) => urls.get(name) ?? "",
        mintToken,
        interceptors: [repeatLostCalls],
      });
    },
  };
}
