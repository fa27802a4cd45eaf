import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "./user-error.mjs";

/** Creates a folder. Throws a UserError with the advice when it cannot be created or written to. */
export function requireWritable(folder, advice) {
  const probe = join(folder, `.probe-${process.pid}`);
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(probe, "");
    rmSync(probe);
  } catch (error) {
    throw new UserError(
      `expected a folder that can be written to, got ${folder} (${error.code}): ${advice}`,
    );
  }
}
