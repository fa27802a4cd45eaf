import { execFile } from "node:child_process";
import { createServer } from "node:net";
import { promisify } from "node:util";
import { afterEach, describe, expect, it, vi } from "vitest";
import { reservePorts } from "./reserve-ports.ts";

const run = promisify(execFile);

afterEach(() => vi.restoreAllMocks());

/** Makes the next choice of a port the given one. */
function chooseNext(port: number): void {
  vi.spyOn(Math, "random").mockReturnValueOnce((port - 15_000) / 17_000 + 1e-9);
}

describe("reservePorts()", () => {
  it("returns distinct ports on which a server can listen", async () => {
    await using reserved = await reservePorts(20);
    expect(new Set(reserved.ports).size).toBe(20);
    for (const port of reserved.ports) {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
      await new Promise((resolve) => server.close(resolve));
    }
  });

  it("passes over a port that another process has reserved and not used yet", async () => {
    await using first = await reservePorts(1);
    const [taken = 0] = first.ports;
    const module = JSON.stringify(import.meta.resolve("./reserve-ports.ts"));
    const script = `
      const choices = [${taken}, ${taken}, ${taken === 20_000 ? 20_001 : 20_000}];
      const random = Math.random;
      Math.random = () => { const c = choices.shift(); return c === undefined ? random() : (c - 15000) / 17000 + 1e-9; };
      const { reservePorts } = await import(${module});
      console.log((await reservePorts(1)).ports[0]);`;
    const { stdout } = await run(process.execPath, ["--input-type=module", "-e", script]);
    expect(Number(stdout)).toBeGreaterThan(0);
    expect(Number(stdout)).not.toBe(taken);
  });

  it("passes over a port on which a process listens", async () => {
    await using reserved = await reservePorts(1);
    const [taken = 0] = reserved.ports;
    await reserved.release();
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(taken, "127.0.0.1", resolve));
    chooseNext(taken);
    await using other = await reservePorts(1);
    expect(other.ports[0]).not.toBe(taken);
    await new Promise((resolve) => server.close(resolve));
  });

  it("reserves a port again after its release", async () => {
    const first = await reservePorts(1);
    const [port = 0] = first.ports;
    await first.release();
    chooseNext(port);
    await using second = await reservePorts(1);
    expect(second.ports).toEqual([port]);
  });
});
