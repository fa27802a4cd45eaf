import { execFile } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { findProgram, grpcurl, provideProgram } from "@fanfare/dev-stack";
import { describe, expect, it } from "vitest";
import { type Echo, startEcho } from "../test/echo.ts";

const run = promisify(execFile);
const file =
  process.env.FANFARE_PROTOCOLS === "long"
    ? await provideProgram(grpcurl)
    : await findProgram(grpcurl);
const root = fileURLToPath(new URL("../../../", import.meta.url));
const buf = join(root, "node_modules/.bin/buf");
const say = "fanfare.echo.v1.EchoService/Say";

const startReflecting = () => startEcho({}, { reflection: true });

/** Calls the server with grpcurl and returns what it prints. */
async function curl({ server }: Echo, before: string[], ...after: string[]): Promise<string> {
  const args = ["-plaintext", "-max-time", "20", ...before, `127.0.0.1:${server.port}`, ...after];
  return (await run(file ?? "", args)).stdout;
}

describe.skipIf(file === undefined)("reflection, with grpcurl", () => {
  it("lists services and methods", async () => {
    await using echo = await startReflecting();
    expect((await curl(echo, [], "list")).trim().split("\n")).toEqual([
      "fanfare.echo.v1.EchoService",
      "grpc.reflection.v1.ServerReflection",
      "grpc.reflection.v1alpha.ServerReflection",
    ]);
    expect(await curl(echo, [], "list", "fanfare.echo.v1.EchoService")).toContain(
      "fanfare.echo.v1.EchoService.Say",
    );
  });

  it("describes a service, and a message with its rules", async () => {
    await using echo = await startReflecting();
    expect(await curl(echo, [], "describe", "fanfare.echo.v1.EchoService")).toContain(
      "rpc Say ( .fanfare.echo.v1.SayRequest )",
    );
    expect(await curl(echo, [], "describe", "fanfare.echo.v1.SayRequest")).toContain(
      "[(.buf.validate.field)",
    );
  });

  it("lets a caller with a token call a method that it found", async () => {
    await using echo = await startReflecting();
    const token = await echo.issuer.mint();
    const data = ["-d", '{"text": "hello"}'];
    const answer = await curl(echo, [...data, "-H", `authorization: Bearer ${token}`], say);
    expect(JSON.parse(answer)).toEqual({ text: "hello" });
    await expect(curl(echo, data, say)).rejects.toThrow("Code: Unauthenticated");
  });

  it("reports an unknown method and a server without reflection", async () => {
    await using echo = await startReflecting();
    await expect(curl(echo, [], "fanfare.echo.v1.EchoService/Shout")).rejects.toThrow(
      'does not include a method named "Shout"',
    );
    await using without = await startEcho();
    await expect(curl(without, [], "list")).rejects.toThrow(
      "server does not support the reflection API",
    );
  });
});

describe("reflection, with buf curl", () => {
  it("lists methods, and calls one", async () => {
    await using echo = await startReflecting();
    const { url } = echo.server;
    const args = ["curl", "--http2-prior-knowledge"];
    const { stdout } = await run(buf, [...args, "--list-methods", url]);
    expect(stdout).toContain("fanfare.echo.v1.EchoService/Say");
    for (const protocol of ["connect", "grpc", "grpcweb"]) {
      const header = `authorization: Bearer ${await echo.issuer.mint()}`;
      const call = ["--protocol", protocol, "-H", header, "-d", '{"text": "hello"}'];
      const answer = await run(buf, [...args, ...call, `${url}/${say}`]);
      expect(JSON.parse(answer.stdout)).toEqual({ text: "hello" });
    }
  });
});
