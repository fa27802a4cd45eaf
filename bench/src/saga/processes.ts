import { readdir, readFile } from "node:fs/promises";

/** cpuOf is the processor time of a process and of what it started, in milliseconds; 0 off Linux. */
export async function readCpuMs(pid: number): Promise<number> {
  const pids = (await readdir("/proc").catch(() => [])).filter((name) => /^\d+$/.test(name));
  const stats = await Promise.all(pids.map((each) => read(`/proc/${each}/stat`)));
  let ticks = 0;
  for (const stat of stats) {
    // After the name, which may have spaces: state, parent, group, …, and from the 12th place on the
    // time of user and of system, its own and that of its children that have ended. PostgreSQL puts
    // each of its children into a group of its own.
    const [, parent, group, ...others] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (Number(parent) !== pid && Number(group) !== pid) continue;
    const [user = 0, system = 0, ...ofEnded] = others.slice(8, 12).map(Number);
    ticks += user + system;
    if (stat.startsWith(`${pid} `)) ticks += (ofEnded[0] ?? 0) + (ofEnded[1] ?? 0);
  }
  return ticks * 10;
}

/** memoryOf is what a process has in memory, in MiB; 0 off Linux. */
export async function readMemoryMiB(pid: number): Promise<number> {
  const [, kb = "0"] = /VmRSS:\s+(\d+)/.exec(await read(`/proc/${pid}/status`)) ?? [];
  return Number(kb) / 1_024;
}

async function read(file: string): Promise<string> {
  return await readFile(file, "utf8").catch(() => "");
}
