import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Compose } from "./compose.ts";

/** Copies files from the volumes of a project's secrets into a folder, such as trips/database-url. */
export async function copySecrets(
  { compose }: Compose,
  folder: string,
  files: readonly string[],
): Promise<void> {
  const read = ["run", "--rm", "-T", "--no-deps", "--entrypoint", "cat", "secrets"];
  for (const file of files) {
    const target = join(folder, file);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, await compose(...read, `/secrets/${file}`));
  }
}
