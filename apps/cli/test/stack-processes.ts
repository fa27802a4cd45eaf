import { readdir, readFile, readlink } from "node:fs/promises";

/** A process of this machine, as Linux shows it. */
export interface MachineProcess {
  readonly pid: number;
  readonly commandLine: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** A TCP port on which a process waits for connections. */
export interface Listener {
  readonly pid: number;
  /** Such as 127.0.0.1, in the form of /proc/net for other addresses. */
  readonly host: string;
  readonly port: number;
}

const loopback = "0100007F";

/** Lists a process and all that it started. */
export async function listProcesses(root: number): Promise<readonly MachineProcess[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const parents = new Map<number, number>();
  for (const pid of pids) {
    const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
    parents.set(pid, Number(/^PPid:\s+(\d+)/m.exec(status)?.[1] ?? 0));
  }
  const isInside = (pid: number): boolean =>
    pid === root || (pid > 1 && isInside(parents.get(pid) ?? 0));
  return await Promise.all(pids.filter(isInside).map(readProcess));
}

async function readProcess(pid: number): Promise<MachineProcess> {
  const [commandLine, environ] = await Promise.all(
    ["cmdline", "environ"].map(async (name) =>
      (await readFile(`/proc/${pid}/${name}`, "utf8").catch(() => "")).split("\0"),
    ),
  );
  const environment = Object.fromEntries(
    (environ ?? []).map((line) => [line.split("=", 1)[0], line.slice(line.indexOf("=") + 1)]),
  );
  return { pid, commandLine: (commandLine ?? []).join(" ").trim(), environment };
}

/** Lists the TCP ports on which processes wait for connections. */
export async function listListeners(
  processes: readonly MachineProcess[],
): Promise<readonly Listener[]> {
  const owners = new Map<string, number>();
  for (const { pid } of processes) {
    for (const descriptor of await readdir(`/proc/${pid}/fd`).catch(() => [])) {
      const target = await readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => "");
      const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1];
      if (inode !== undefined) owners.set(inode, pid);
    }
  }
  const tables = await Promise.all(
    ["tcp", "tcp6"].map((name) => readFile(`/proc/net/${name}`, "utf8").catch(() => "")),
  );
  return tables.flatMap((table) =>
    table.split("\n").flatMap((line) => {
      const [, local = "", , state, , , , , , inode = ""] = line.trim().split(/\s+/);
      const pid = owners.get(inode);
      if (state !== "0A" || pid === undefined) return [];
      const [host = "", port = ""] = local.split(":");
      return [
        { pid, host: host === loopback ? "127.0.0.1" : host, port: Number.parseInt(port, 16) },
      ];
    }),
  );
}
