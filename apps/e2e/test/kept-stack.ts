import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SecureContextOptions } from "node:tls";
import { fileURLToPath } from "node:url";
import {
  createDevKeys,
  isPortFree,
  mintToken,
  reservePorts,
  type TokenClaims,
  waitUntil,
} from "@fanfare/dev-stack";
import { portNames } from "@fanfare/topology";
import { type Clients, createClients } from "./clients.ts";
import type { Ran } from "./run-fanfare.ts";

const main = fileURLToPath(new URL("../../cli/src/main.ts", import.meta.url));

/** A stack of `fanfare up`, whose data outlives its processes. */
export interface KeptStack extends AsyncDisposable {
  /** The folder of data and secrets. */
  readonly state: string;
  /** Where each app keeps the URL of its database. */
  readonly system: { app(name: string): { readonly env: Readonly<Record<string, string>> } };
  /** Returns clients of the apps, as of the stack that runs. */
  openClients(): Clients;
  /** Runs a command of the CLI on this stack to its end. */
  run(...args: readonly string[]): Promise<Ran>;
  /** Runs a command of the CLI that cannot write files of more than 12 MB. */
  runOnFullDisk(...args: readonly string[]): Promise<Ran>;
  /** Kills a command of the CLI as soon as it has created a file in the state folder. */
  killAt(file: string, ...args: readonly string[]): Promise<void>;
  start(): Promise<void>;
  /** Kills the processes, and resolves when they are gone. */
  kill(): Promise<void>;
}

/** Creates a stack on free ports, with its state in a temporary folder. It does not run yet. */
export async function createKeptStack({ tls }: { readonly tls: boolean }): Promise<KeptStack> {
  const state = await mkdtemp(join(tmpdir(), "fanfare-kept-"));
  const names = ["temporal", "temporalUi", "codec", "nats", "postgres", ...portNames];
  const reserved = await reservePorts(names.length);
  const ports = new Map(names.map((name, index) => [name, reserved.ports[index] ?? 0]));
  const { TEMPORAL_ADDRESS: _, NATS_URL: __, POSTGRES_ADMIN_URL: ___, ...rest } = process.env;
  const env = { ...rest, FANFARE_STATE: state };
  let up: ReturnType<typeof spawn> | undefined;

  const kill = async (): Promise<void> => {
    const running = up;
    up = undefined;
    if (running === undefined) return;
    const closed = once(running, "close");
    running.kill("SIGKILL");
    await closed;
    await waitUntil(() => areFree(reserved.ports), {
      what: "the processes of the stack to end",
      timeoutMs: 60_000,
    });
  };
  return {
    state,
    system: {
      app: (name) => ({
        env: { DATABASE_URL_FILE: join(state, "secrets", name, "database-url") },
      }),
    },
    openClients: () =>
      createClients({
        findUrl: (name) => `${tls ? "https" : "http"}://127.0.0.1:${ports.get(name)}`,
        tls: tls ? readCertificates(join(state, "secrets", "tls")) : undefined,
        mintToken: async (claims: TokenClaims) =>
          await mintToken(await createDevKeys(join(state, "secrets", "keys")), claims),
      }),
    run: (...args) => runProgram(process.execPath, [main, ...args], env),
    runOnFullDisk: (...args) =>
      runProgram("/bin/sh", ["-c", limited, process.execPath, main, ...args], env),
    async killAt(file, ...args) {
      const child = spawn(process.execPath, [main, ...args], { env, stdio: "ignore" });
      const closed = once(child, "close");
      await waitUntil(() => existsSync(join(state, file)), { what: file, timeoutMs: 60_000 });
      child.kill("SIGKILL");
      await closed;
    },
    async start() {
      const flags = names.flatMap((name) => ["--port", `${name}=${ports.get(name)}`]);
      const child = spawn(process.execPath, [main, "up", ...(tls ? ["--tls"] : []), ...flags], {
        env,
        stdio: ["ignore", "pipe", "pipe"],
      });
      up = child;
      let output = "";
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding("utf8").on("data", (text: string) => {
          output += text;
        });
      }
      const isUp = () => output.includes("Ctrl-C stops everything");
      await waitUntil(() => isUp() || child.exitCode !== null, {
        what: "the stack to start",
        timeoutMs: 120_000,
      });
      if (!isUp()) throw new Error(`fanfare up ended:\n${output}`);
    },
    kill,
    async [Symbol.asyncDispose]() {
      await kill();
      await reserved.release();
      await rm(state, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Limits the size of files, in blocks of 512 bytes. A write beyond it fails as on a full disk. */
const limited = 'ulimit -f 24576; exec "$0" "$@"';

function runProgram(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(command, args, { env }, (error, stdout, stderr) => {
      const status = typeof error?.code === "number" ? error.code : error === null ? 0 : 1;
      resolve({ status, stdout, stderr });
    });
  });
}

function readCertificates(folder: string): SecureContextOptions {
  const [ca, cert, key] = ["ca.crt", "operator.crt", "operator.key"].map((name) =>
    readFileSync(join(folder, name)),
  );
  return { ca, cert, key };
}

async function areFree(ports: readonly number[]): Promise<boolean> {
  return (await Promise.all(ports.map(isPortFree))).every((free) => free);
}
