import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { createOddReasons } from "../../test/odd-reasons.ts";
import { findUnsafeCharacter } from "../text/escape-text.ts";

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

it("writes a line for every value that may be thrown", async () => {
  const logs = `
    import { createLogger } from "${module}";
    import { createOddReasons } from "${new URL("../../test/odd-reasons.ts", import.meta.url).href}";
    const logger = createLogger({ name: "test" });
    for (const [kind, reason] of Object.entries(createOddReasons())) {
      logger.warn({ err: reason }, kind);
      logger.warn(reason, kind);
    }
  `;
  const { stdout } = await promisify(execFile)(process.execPath, [
    "--input-type=module",
    "--eval",
    logs,
  ]);
  const lines = stdout.trimEnd().split("\n");
  expect(lines.map((line) => JSON.parse(line).msg)).toEqual(
    Object.keys(createOddReasons()).flatMap((kind) => [kind, kind]),
  );
  expect(JSON.parse(lines.find((line) => line.includes("ThrowingError")) ?? "")).toMatchObject({
    err: { message: "ThrowingError" },
  });
});

it("redacts the credentials of addresses, wherever they are in a line", async () => {
  const logs = `
    import { createLogger } from "${module}";
    const logger = createLogger({ name: "test" });
    const invalid = Object.assign(new Error("Invalid URL"), { input: "postgres://app:s3cret@db/app" });
    const cause = new Error("nats://app:s3cret@nats refuses the login", { cause: invalid });
    logger.error({ err: cause, servers: ["nats://s3cret@nats"] }, "cannot use http://a:s3cret@b/");
  `;
  const { stdout } = await promisify(execFile)(process.execPath, [
    "--input-type=module",
    "--eval",
    logs,
  ]);
  expect(stdout).not.toContain("s3cret");
  expect(JSON.parse(stdout)).toMatchObject({
    servers: ["nats://***@nats"],
    msg: "cannot use http://***@b/",
  });
});

it("escapes what a terminal would act on, in JSON and in the format for people", async () => {
  const logs = `
    import { createLogger, createPrettyOutput } from "${module}";
    import pretty from "pino-pretty";
    const text = "\\u001b]52;c;aGk=\\u0007\\u202e\\u009b31m";
    const error = new Error(text);
    createLogger({ name: "test" }).warn({ err: error, caller: text }, text);
    const line = JSON.stringify({ level: 40, msg: text, caller: text, err: { message: text, stack: "Error: " + text + "\\n  at x" } });
    createPrettyOutput(pretty({ sync: true, colorize: false })).write(line + "\\n");
  `;
  const { stdout } = await promisify(execFile)(process.execPath, [
    "--input-type=module",
    "--eval",
    logs,
  ]);
  expect(stdout.split("\n").flatMap((line) => findUnsafeCharacter(line) ?? [])).toEqual([]);
  expect(JSON.parse(stdout.split("\n")[0] ?? "")).toMatchObject({
    msg: "\u001b]52;c;aGk=\u0007\u202e\u009b31m",
  });
  expect(stdout).toMatch(/\n +at x\n/);
});
