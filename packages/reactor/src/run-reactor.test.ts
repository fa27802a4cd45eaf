import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const program = fileURLToPath(new URL("../test/mileage-reactor.ts", import.meta.url));

/** Nothing listens on port 1, so that the servers stay away. */
const withoutServers = {
  AUTH_JWKS: fileURLToPath(new URL("../test/jwks.json", import.meta.url)),
  DATABASE_URL: "postgres://mileage:secret@127.0.0.1:1/mileage",
  NATS_URL: "nats://127.0.0.1:1",
  HEALTH_PORT: "0",
};

function startProcess(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child: ChildProcess = spawn(process.execPath, [program, ...args], { env });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk) => {
      output += String(chunk);
    });
  }
  const exited = once(child, "close").then(([status]) => ({ status, output }));
  return {
    child,
    exited,
    read: () => output,
    [Symbol.dispose]: () => void child.kill("SIGKILL"),
  };
}

describe("runReactor()", () => {
  it("prints its sentence and its variables for --help", async () => {
    using reactor = startProcess(["--help"]);
    const { status, output } = await reactor.exited;
    expect(status).toBe(0);
    expect(output).toMatch(/^mileage: Counts the trips of each vehicle\.$/m);
    expect(output).toMatch(/^ {2}PORT +8088 /m);
    expect(output).toMatch(/^ {2}HEALTH_PORT +9088 /m);
    expect(output).toMatch(/^ {2}MAPS_URL +http:\/\/127\.0\.0\.1:8090 /m);
    expect(output).toMatch(/^ {2}DATABASE_URL +\(required\) /m);
    expect(output).toMatch(/^ {2}INBOX_RETENTION_DAYS +31 /m);
    expect(output).toMatch(/^ {2}TRACK_RETENTION_DAYS +30 /m);
    expect(output).toMatch(/^ {2}NATS_URL +nats:\/\/127\.0\.0\.1:4222 /m);
  });

  it("exits with status 1 when variables are missing or invalid, and names them", async () => {
    const env = { ...withoutServers, DATABASE_URL: "", MAPS_URL: "here" };
    using reactor = startProcess([], env);
    const { status, output } = await reactor.exited;
    expect(status).toBe(1);
    expect(output).toContain("DATABASE_URL is not set");
    expect(output).toContain('MAPS_URL is "here"');
  });

  it.each([
    [
      "INBOX_RETENTION_DAYS",
      "30",
      "it has to be above 30, as the broker may deliver an event again",
    ],
    ["TRACK_RETENTION_DAYS", "soon", "it is neither a whole number of days"],
  ])("exits with status 1 when %s is %s, and states why", async (name, value, reason) => {
    using reactor = startProcess([], { ...withoutServers, [name]: value });
    const { status, output } = await reactor.exited;
    expect(status).toBe(1);
    expect(output).toContain(`${name} is "${value}", but ${reason}`);
  });

  it("is alive but not ready without its servers, and stops cleanly on SIGTERM", async () => {
    using reactor = startProcess([], withoutServers);
    const readUrl = () => /"healthUrl":"([^"]+)"/.exec(reactor.read())?.[1];
    const url = await expect
      .poll(readUrl, { timeout: 30_000 })
      .toBeTypeOf("string")
      .then(() => readUrl());
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    expect((await fetch(`${url}/readyz`)).status).toBe(503);
    expect(await (await fetch(`${url}/metrics`)).text()).toContain(
      'fanfare_bus_subscription{group="mileage",state="starting"} 1',
    );
    expect(reactor.read()).toContain("further work has started");
    expect(reactor.read()).toContain('"mapsUrl":"http://127.0.0.1:8090"');
    reactor.child.kill("SIGTERM");
    const { status, output } = await reactor.exited;
    expect({ status, output }).toMatchObject({ status: 0 });
    expect(output).toContain("further work has stopped");
  });
});
