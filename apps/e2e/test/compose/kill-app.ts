import type { AppName } from "@fanfare/topology";
import type { Compose } from "./compose.ts";

const script = `
const { readdirSync, readFileSync } = require("node:fs");
for (const pid of readdirSync("/proc").filter((name) => Number(name) > 1)) {
  const command = readFileSync("/proc/" + pid + "/cmdline", "utf8");
  if (command.startsWith("node\\0src/main.ts")) process.kill(Number(pid), "SIGKILL");
}`;

/**
 * Kills an app's process inside its container, as a crash does. After `docker kill`, the engine does not
 * restart the container.
 */
export async function killApp({ compose }: Compose, app: AppName): Promise<void> {
  // The container, and this command in it, may exit first.
  await compose("exec", "-T", app, "node", "--eval", script).catch(() => {});
}
