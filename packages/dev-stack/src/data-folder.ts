import { mkdir, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface DataFolder {
  readonly path: string;
  readonly logFile: string;
  /** Whether it goes when the server is stopped. */
  readonly temporary: boolean;
}

/** dataFolder makes the folder that a server keeps its data in; a temporary one when none is given. */
export async function createDataFolder(
  name: string,
  options: { data?: string | undefined; logFile?: string | undefined },
): Promise<DataFolder> {
  const temporary = options.data === undefined;
  const path = options.data ?? (await mkdtemp(join(tmpdir(), `fanfare-${name}-`)));
  await mkdir(path, { recursive: true });
  return { path, temporary, logFile: options.logFile ?? join(path, `${name}.log`) };
}
