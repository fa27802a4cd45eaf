import { readdir, readFile } from "node:fs/promises";

/** cpuOf is the processor time of a process and of what it started, in milliseconds; 0 off Linux. */
export async function cpuOf(pid: number): Promise<number> {
  const pids = (await readdir("/proc").catch(() => [])).filter((name) => /^\d+$/.test(name));
  const stats = await Promise.all(pids.map((each) => read(`/proc/${each}/stat`)));
  let ticks = 0;
  for (const stat of stats) {
    // After the name, which may have spaces: state, parent, group, …, and in the 12th and 13th place
    // the time of user and of system.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (Number(fields[2]) === pid) ticks += Number(fields[11]) + Number(fields[12]);
  }
  return ticks * 10;
}

/** memoryOf is what a process has in memory, in MiB; 0 off Linux. */
export async function memoryOf(pid: number): Promise<number> {
  const [, kb = "0"] = /VmRSS:\s+(\d+)/.exec(await read(`/proc/${pid}/status`)) ?? [];
  return Number(kb) / 1_024;
}

async function read(file: string): Promise<string> {
  return await readFile(file, "utf8").catch(() => "");
}
