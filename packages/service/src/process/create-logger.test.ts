import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const module = new URL("create-logger.ts", import.meta.url).href;

// Occupies the only background thread, as a loaded machine may.
const program = `
  import { pbkdf2 } from "node:crypto";
  import { createLogger } from "${module}";
  pbkdf2("", "", 500_000, 64, "sha512", () => {});
  const logger = createLogger({ name: "test" });
  logger.info("stopping");
  logger.info("stopped");
  process.exit(0);
`;

it("writes every line in order before the process exits", async () => {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--input-type=module", "--eval", program],
    { env: { ...process.env, UV_THREADPOOL_SIZE: "1" } },
  );
  const lines = stdout.trimEnd().split("\n");
  expect(lines.map((line) => JSON.parse(line).msg)).toEqual(["stopping", "stopped"]);
});
