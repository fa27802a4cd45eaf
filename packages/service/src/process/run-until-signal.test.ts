import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

interface Exit {
  readonly status: number | null;
  readonly output: string;
}

interface SampleProcess {
  /** Resolves to the child process once it is up. */
  readonly opened: Promise<ChildProcess>;
  readonly ended: Promise<Exit>;
}

const script = fileURLToPath(new URL("../../test/sample-process.ts", import.meta.url));

function startProcess(args: string[], env: NodeJS.ProcessEnv = {}): SampleProcess {
  const DATABASE_URL = "postgres://x:secret-word@127.0.0.1/x";
  const child = spawn(process.execPath, [script, ...args], { env: { DATABASE_URL, ...env } });
  let output = "";
  const opened = Promise.withResolvers<ChildProcess>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk) => {
      output += String(chunk);
      if (output.includes("open\n")) opened.resolve(child);
    });
  }
  const ended = once(child, "close").then(([status]) => ({ status, output }));
  return { opened: opened.promise, ended };
}

describe("runUntilSignal()", { timeout: 60_000 }, () => {
  it.each(["SIGTERM", "SIGINT"] as const)("closes in reverse order on %s", async (signal) => {
    const { opened, ended } = startProcess(["stops cleanly"]);
    (await opened).kill(signal);
    const { status, output } = await ended;
    expect(status).toBe(0);
    expect(output).toMatch(/closed last opened\nclosed first opened\n/);
  });

  it("stops while it opens its resources", async () => {
    const { opened, ended } = startProcess(["never finishes opening"]);
    (await opened).kill("SIGTERM");
    expect(await ended).toMatchObject({
      status: 0,
      output: expect.stringContaining("closed first opened"),
    });
  });

  it("logs why it cannot start in one line, and closes what was open", async () => {
    const { status, output } = await startProcess(["fails to start"]).ended;
    expect(status).toBe(1);
    expect(output).toContain("closed first opened");
    const lines = output.split("\n").filter((line) => line.includes("cannot start"));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain("cannot start: port 8080 is in use");
  });

  it("exits with status 1 at the timeout when closing does not end", async () => {
    const { opened, ended } = startProcess(["never finishes closing", "100"]);
    (await opened).kill("SIGTERM");
    expect(await ended).toMatchObject({
      status: 1,
      output: expect.stringContaining("a resource did not close in time"),
    });
  });

  it("exits at once on a second signal", async () => {
    const { opened, ended } = startProcess(["never finishes closing", "600000"]);
    const child = await opened;
    child.kill("SIGINT");
    child.stdout?.once("data", () => child.kill("SIGINT"));
    expect((await ended).status).toBe(130);
  });

  it.each([
    ["leaves a rejection unhandled", "unhandled by the program"],
    ["has a worker that fails", "the worker failed (lost)"],
  ])("exits with status 1 when it %s", async (behaviour, reason) => {
    const { status, output } = await startProcess([behaviour]).ended;
    expect(status).toBe(1);
    expect(output).toContain(reason);
  });
});

describe("loadConfig()", { timeout: 60_000 }, () => {
  it("prints the table of variables for --help, and exits with status 0", async () => {
    const { status, output } = await startProcess(["--help"], { DATABASE_URL: "" }).ended;
    expect(status).toBe(0);
    expect(output).toMatch(/^  DATABASE_URL +\(required\)/m);
  });

  it("reports an invalid variable without its secret, and exits with status 1", async () => {
    const { status, output } = await startProcess(["stops cleanly"], {
      PORT: "eighty",
      DATABASE_URL: "secret-word",
    }).ended;
    expect(status).toBe(1);
    expect(output).toContain('PORT is "eighty", but it is not a number');
    expect(output).toContain("DATABASE_URL is set, but it is not a PostgreSQL address");
    expect(output).not.toContain("secret-word");
  });
});
