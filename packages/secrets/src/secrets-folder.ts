import { chmod, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

/** A folder of secrets, with a folder for each holder: an app, a server, or who signs tokens. */
export interface SecretsFolder {
  readonly path: string;
  /** The files that `write` has replaced, such as trips/database-url. */
  readonly written: readonly string[];
  /** Creates the folder unless it exists. Only its owner may enter it. */
  create(): Promise<void>;
  /** Returns the path of a holder's file. */
  locate(holder: string, file: string): string;
  /** Reads a holder's file; undefined when there is none or it is empty. */
  read(holder: string, file: string): Promise<string | undefined>;
  /**
   * Replaces a holder's file in one rename, unless it has this text already. Only this user may read it
   * unless `mode` states otherwise.
   */
  write(holder: string, file: string, text: string, mode?: number): Promise<void>;
  /** Removes a holder's file. */
  remove(holder: string, file: string): Promise<void>;
}

/** Opens a folder of secrets. */
export function openSecretsFolder(path: string): SecretsFolder {
  const locate = (holder: string, file: string) => join(path, holder, file);

  async function read(holder: string, file: string): Promise<string | undefined> {
    try {
      return (await readFile(locate(holder, file), "utf8")) || undefined;
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
      throw error;
    }
  }

  const written: string[] = [];
  return {
    path,
    written,
    async create() {
      await mkdir(path, { recursive: true, mode: 0o700 });
      // An existing folder has its own mode; in a container it is read-only, and may belong to another user.
      await chmod(path, 0o700).catch(ignoreFixed);
    },
    locate,
    read,
    async write(holder, file, text, mode = 0o600) {
      if ((await read(holder, file)) === text) return;
      const target = locate(holder, file);
      await mkdir(dirname(target), { recursive: true });
      const fresh = `${target}.${process.pid}.new`;
      // What an interrupted write or somebody else left there has a mode, or is a link, of its own.
      await rm(fresh, { force: true });
      await writeFile(fresh, text, { mode, flag: "wx" });
      // The mode of a new file lacks what the umask denies.
      await chmod(fresh, mode);
      await rename(fresh, target);
      written.push(join(holder, file));
    },
    async remove(holder, file) {
      await rm(locate(holder, file), { force: true });
    },
  };
}

function ignoreFixed(error: unknown): void {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "EPERM" || code === "EROFS") return;
  throw error;
}
