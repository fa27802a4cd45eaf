import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type CodeBlock, parseCodeBlocks } from "@fanfare/dev-stack";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const tsconfig = {
  extends: "../../../../tsconfig.json",
  include: ["*.ts"],
  exclude: [],
};

/** The files of a tutorial, written to a folder in which the packages of this checkout resolve. */
export interface Tutorial extends AsyncDisposable {
  readonly folder: string;
  readonly blocks: readonly CodeBlock[];
  /** Runs a tool of the checkout in the folder. Resolves with its output, and rejects when it fails. */
  run(command: string, args: readonly string[], env?: NodeJS.ProcessEnv): Promise<string>;
}

/** Reads docs/tutorials/<name>.md and writes each code block that starts with a file name. */
export async function openTutorial(name: string): Promise<Tutorial> {
  const text = await readFile(join(root, "docs/tutorials", `${name}.md`), "utf8");
  const blocks = parseCodeBlocks(text);
  const parent = fileURLToPath(new URL("../.tutorials/", import.meta.url));
  await mkdir(parent, { recursive: true });
  const folder = await mkdtemp(join(parent, `${name}-`));
  for (const { file, code } of blocks) {
    if (file !== undefined) await writeFile(join(folder, file), code);
  }
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify(tsconfig));
  return {
    folder,
    blocks,
    async run(command, args, env = {}) {
      const options = { cwd: folder, env: { ...process.env, ...env }, timeout: 150_000 };
      const path = join(root, "node_modules", ".bin", command);
      const { stdout, stderr } = await promisify(execFile)(path, args, options);
      return `${stdout}${stderr}`;
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}
