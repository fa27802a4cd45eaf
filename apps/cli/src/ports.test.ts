import { createServer } from "node:http";
import { describe, expect, it } from "vitest";
import { listenOnFreePort } from "../test/listen.ts";
import { checkPortsFree, choosePorts, defaultPorts } from "./ports.ts";

describe("choosePorts()", () => {
  it("changes the ports that are named and leaves the others", () => {
    expect(choosePorts(["trips=9080", "nats=5222"])).toEqual({
      ...defaultPorts,
      trips: 9080,
      nats: 5222,
    });
  });

  it("refuses names and ports that there are not, and says which there are", () => {
    expect(() => choosePorts(["redis=1"])).toThrow(/no port named "redis": it is one of temporal,/);
    expect(() => choosePorts(["trips=http"])).toThrow('"trips=http" is no port: write trips=18080');
  });
});

describe("checkPortsFree()", () => {
  it("names the port, the process that has it, and how to choose another", async () => {
    await using server = await listenOnFreePort(createServer());
    const advice = `Port ${server.port} for trips is in use by .*process ${process.pid}.*: choose another with --port trips=`;
    await expect(checkPortsFree({ trips: server.port })).rejects.toThrow(new RegExp(advice));
  });

  it("is content with a port that nobody has", async () => {
    const server = await listenOnFreePort(createServer());
    await server[Symbol.asyncDispose]();
    await expect(checkPortsFree({ trips: server.port })).resolves.toBeUndefined();
  });
});
