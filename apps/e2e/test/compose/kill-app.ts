import type { AppName } from "@fanfare/topology";
import type { Compose } from "./compose.ts";

const script = `
const { readdirSync, readFileSync } = require("node:fs");
for (const pid of readdirSync("/proc").filter((name) => Number(name) > 1)) {
  const command = readFileSync("/proc/" + pid + "/cmdline", "utf8");
  if (command.startsWith("node\\0src/main.ts")) process.kill(Number(pid), "SIGKILL");
}`;

/**
 * killApp kills an app's process inside its container, as a crash would. What `docker kill` ends,
 * the engine takes for ended on purpose, and leaves.
 */
export async function killApp({ compose }: Compose, app: AppName): Promise<void> {
  // The container, and this command in it, may end first.
  await compose("exec", "-T", app, "node", "--eval", script).catch(() => {});
}
