import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The folder that a server keeps its data in. Disposing it removes a temporary one. */
export interface DataFolder extends AsyncDisposable {
  readonly path: string;
  readonly logFile: string;
  readonly temporary: boolean;
}

/** Creates the folder that a server keeps its data in: a temporary one unless `data` names one. */
export async function createDataFolder(
  name: string,
  options: { data?: string | undefined; logFile?: string | undefined },
): Promise<DataFolder> {
  const temporary = options.data === undefined;
  const path = options.data ?? (await mkdtemp(join(tmpdir(), `fanfare-${name}-`)));
  await mkdir(path, { recursive: true });
  return {
    path,
    temporary,
    logFile: options.logFile ?? join(path, `${name}.log`),
    async [Symbol.asyncDispose]() {
      if (temporary) await rm(path, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
