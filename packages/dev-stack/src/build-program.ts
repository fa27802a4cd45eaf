import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Program } from "./programs.ts";

const run = promisify(execFile);

/** buildTimeoutMs is how long a build may take: 2 minutes on an idle machine of two cores. */
export const buildTimeoutMs = 60 * 60_000;

/**
 * buildProgram builds the pinned version with `go install` inside an empty folder, which also takes
 * everything that Go downloads and caches, and gives the program's file. Rejects with the end of
 * what Go said.
 */
export async function buildProgram(
  program: Program,
  folder: string,
  { env, signal }: { env: NodeJS.ProcessEnv; signal?: AbortSignal | undefined },
): Promise<string> {
  const { goPackage, linkerFlags } = program.source;
  const bin = join(folder, "bin");
  try {
    await run("go", ["install", "-ldflags", linkerFlags, `${goPackage}@v${program.version}`], {
      cwd: folder,
      env: {
        ...env,
        GOPATH: join(folder, "gopath"),
        GOMODCACHE: join(folder, "modules"),
        GOCACHE: join(folder, "cache"),
        GOBIN: bin,
        GOENV: "off",
        GOWORK: "off",
        CGO_ENABLED: "0",
        // Go makes its module cache read-only, which would keep it from being removed
        GOFLAGS: `${env.GOFLAGS ?? ""} -modcacherw`.trim(),
      },
      timeout: buildTimeoutMs,
      killSignal: "SIGINT",
      ...(signal ? { signal } : {}),
      maxBuffer: 64 * 1024 * 1024,
    });
  } catch (error) {
    throw new Error(`go install failed: ${lastLine(error)}`, { cause: error });
  }
  return join(bin, program.name);
}

function lastLine(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if ("code" in error && error.code === "ENOENT") return "there is no go on PATH";
  const output = "stderr" in error ? String(error.stderr).trim() : "";
  return output.split("\n").at(-1) || error.message;
}
