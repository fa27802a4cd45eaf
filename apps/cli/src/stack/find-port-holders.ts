import { execFile } from "node:child_process";
import { readdir, readFile, readlink } from "node:fs/promises";
import { promisify } from "node:util";

const run = promisify(execFile);

/**
 * Describes the process that listens on each port, such as "node server.js (process 1234, in
 * /home/ann/shop)". Leaves out a port whose process is unknown, such as another user's.
 */
export async function findPortHolders(
  ports: readonly number[],
): Promise<ReadonlyMap<number, string>> {
  const pids =
    process.platform === "linux" ? await findPidsByProc(ports) : await findPidsByLsof(ports);
  return new Map(
    await Promise.all(
      [...pids].map(async ([port, pid]) => [port, await describeProcess(pid)] as const),
    ),
  );
}

async function describeProcess(pid: string): Promise<string> {
  const { stdout } = await run("ps", ["-o", "command=", "-p", pid]).catch(() => nothing);
  const command = stdout.trim().slice(0, 120);
  const folder = await readlink(`/proc/${pid}/cwd`).catch(() => undefined);
  const where = folder === undefined ? `process ${pid}` : `process ${pid}, in ${folder}`;
  return command === "" ? where : `${command} (${where})`;
}

const nothing = { stdout: "" };

async function findPidsByLsof(ports: readonly number[]): Promise<Map<number, string>> {
  const pids = new Map<number, string>();
  for (const port of ports) {
    const args = ["-nP", "-t", `-iTCP:${port}`, "-sTCP:LISTEN"];
    const { stdout } = await run("lsof", args).catch(() => nothing);
    const [pid] = stdout.split("\n");
    if (pid) pids.set(port, pid);
  }
  return pids;
}

async function findPidsByProc(ports: readonly number[]): Promise<Map<number, string>> {
  const sockets = await readListeningSockets(ports);
  const pids = new Map<number, string>();
  if (sockets.size === 0) return pids;
  for (const pid of await readdir("/proc")) {
    if (!/^\d+$/.test(pid)) continue;
    const files = await readdir(`/proc/${pid}/fd`).catch(() => []);
    const links = files.map((file) => readlink(`/proc/${pid}/fd/${file}`).catch(() => ""));
    for (const link of await Promise.all(links)) {
      const port = sockets.get(link);
      if (port !== undefined) pids.set(port, pid);
    }
  }
  return pids;
}

/** Returns the ports by the link target of their socket's descriptor. */
async function readListeningSockets(ports: readonly number[]): Promise<Map<string, number>> {
  const sockets = new Map<string, number>();
  for (const table of ["/proc/net/tcp", "/proc/net/tcp6"]) {
    const lines = (await readFile(table, "utf8").catch(() => "")).split("\n");
    for (const line of lines) {
      const [, local = "", , state, , , , , , inode] = line.trim().split(/\s+/);
      const port = Number.parseInt(local.split(":").at(-1) ?? "", 16);
      // 0A is the state LISTEN.
      if (state === "0A" && ports.includes(port)) sockets.set(`socket:[${inode}]`, port);
    }
  }
  return sockets;
}
