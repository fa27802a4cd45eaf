import { readdir, readFile } from "node:fs/promises";

/** Returns the processor time of a process and its children in milliseconds; 0 outside Linux. */
export async function readCpuMs(pid: number): Promise<number> {
  const pids = (await readdir("/proc").catch(() => [])).filter((name) => /^\d+$/.test(name));
  const stats = await Promise.all(pids.map((each) => read(`/proc/${each}/stat`)));
  let ticks = 0;
  for (const stat of stats) {
    // The fields after the name, which may contain spaces: state, parent, group, …, and from the 12th on
    // the user and system time of the process and of its exited children. Each child of PostgreSQL has
    // its own process group.
    const [, parent, group, ...others] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (Number(parent) !== pid && Number(group) !== pid) continue;
    const [user = 0, system = 0, ...ofEnded] = others.slice(8, 12).map(Number);
    ticks += user + system;
    if (stat.startsWith(`${pid} `)) ticks += (ofEnded[0] ?? 0) + (ofEnded[1] ?? 0);
  }
  return ticks * 10;
}

/** Returns the resident memory of a process in MiB; 0 outside Linux. */
export async function readMemoryMiB(pid: number): Promise<number> {
  const [, kb = "0"] = /VmRSS:\s+(\d+)/.exec(await read(`/proc/${pid}/status`)) ?? [];
  return Number(kb) / 1_024;
}

async function read(file: string): Promise<string> {
  return await readFile(file, "utf8").catch(() => "");
}
