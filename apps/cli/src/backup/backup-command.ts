import { resolve } from "node:path";
import { createTerminal } from "../terminal.ts";
import { backUpSystem } from "./back-up-system.ts";
import { formatSize } from "./disk-space.ts";
import { countBytes, hasWorkflows } from "./manifest.ts";

/** Backs up the running system into a folder, and prints the instant whose state the backup has. */
export async function backupCommand(
  folder: string,
  { json = false }: { readonly json?: boolean },
): Promise<void> {
  const target = resolve(folder);
  const manifest = await backUpSystem(target, process.env);
  const { began, instant } = manifest;
  const bytes = countBytes(manifest);
  const terminal = createTerminal();
  if (json) return terminal.line(JSON.stringify({ folder: target, began, instant, bytes }));
  terminal.line(`Backed up ${formatSize(bytes)} to ${target}`);
  terminal.line(`It has the state of ${instant}. What is acknowledged after that is not in it.`);
  if (hasWorkflows(manifest)) return;
  terminal.line("It has no workflows: those of open trips start again after a restore.");
}
