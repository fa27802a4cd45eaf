import { relative, resolve } from "node:path";
import { listPublishedPackages, packPackage } from "@fanfare/dev-stack";
import { createTerminal } from "./terminal.ts";

/**
 * Builds and packs every published package into `to` (default: `dist/tarballs` of this folder), and
 * prints the paths of the tarballs, one a line.
 */
export async function packCommand({ to = "dist/tarballs" }: { to?: string }): Promise<void> {
  const terminal = createTerminal();
  for (const name of await listPublishedPackages()) {
    const tarball = await packPackage(name, resolve(to));
    terminal.line(relative(process.cwd(), tarball));
  }
}
