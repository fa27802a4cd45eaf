import { createServer } from "node:http";
import { describe, expect, it } from "vitest";
import { listenOnFreePort } from "../../test/listen.ts";
import { checkPortsFree, choosePorts, defaultPorts } from "./ports.ts";

describe("choosePorts()", () => {
  it("changes the named ports and keeps the others", () => {
    expect(choosePorts(["trips=9080", "nats=5222"])).toEqual({
      ...defaultPorts,
      trips: 9080,
      nats: 5222,
    });
  });

  it("rejects unknown names and invalid ports", () => {
    expect(() => choosePorts(["redis=1"])).toThrow(
      /name of a port, got "redis": choose one of temporal,/,
    );
    expect(() => choosePorts(["trips=http"])).toThrow(
      'expected name=port, got "trips=http": write trips=18080',
    );
  });
});

describe("checkPortsFree()", () => {
  it("names the port, the process that uses it, and how to choose another", async () => {
    await using server = await listenOnFreePort(createServer());
    const advice = `Port ${server.port} for trips is in use by .*process ${process.pid}.*: choose another with --port trips=`;
    await expect(checkPortsFree({ trips: server.port })).rejects.toThrow(new RegExp(advice));
  });

  it("accepts a free port", async () => {
    const server = await listenOnFreePort(createServer());
    await server[Symbol.asyncDispose]();
    await expect(checkPortsFree({ trips: server.port })).resolves.toBeUndefined();
  });
});
