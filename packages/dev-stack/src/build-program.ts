import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { describeError } from "./describe-error.ts";
import type { Program } from "./programs.ts";
import { verifyModules } from "./verify-modules.ts";

const run = promisify(execFile);

/** How long a build may take, in milliseconds. An idle machine of two cores needs 2 minutes. */
export const buildTimeoutMs = 60 * 60_000;

/**
 * Builds the pinned version with `go install` in an empty folder, and returns the path of the program.
 * Go's downloads and caches go into the same folder. Rejects with the last line of Go's output, and when
 * the modules differ from the pinned ones.
 */
export async function buildProgram(
  program: Program,
  folder: string,
  { env, signal }: { env: NodeJS.ProcessEnv; signal?: AbortSignal | undefined },
): Promise<string> {
  const { goPackage, linkerFlags } = program.source;
  const bin = join(folder, "bin");
  const modules = join(folder, "modules");
  try {
    await run("go", ["install", "-ldflags", linkerFlags, `${goPackage}@v${program.version}`], {
      cwd: folder,
      env: {
        ...env,
        GOPATH: join(folder, "gopath"),
        GOMODCACHE: modules,
        GOCACHE: join(folder, "cache"),
        GOBIN: bin,
        GOENV: "off",
        GOWORK: "off",
        CGO_ENABLED: "0",
        // Go's module cache is read-only by default and could not be removed.
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
  const file = join(bin, program.name);
  await verifyModules(program, { file, modules, env });
  return file;
}

function lastLine(error: unknown): string {
  if (!(error instanceof Error)) return describeError(error);
  if ("code" in error && error.code === "ENOENT") return "go is not on PATH";
  const output = "stderr" in error ? String(error.stderr).trim() : "";
  return output.split("\n").at(-1) || error.message;
}
