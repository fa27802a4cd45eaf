import { connect } from "node:net";
import { expect, it } from "vitest";
import { createLogger } from "../process/create-logger.ts";
import { serveHttp } from "./serve-http.ts";

const logger = createLogger({ name: "http-test", level: "silent" });

it("answers plain HTTP, and an error of the handler with 500", async () => {
  await using server = await serveHttp({
    host: "127.0.0.1",
    port: 0,
    logger,
    async handle({ method, url, address, readBody }) {
      if (url === "/broken") throw new Error("broken");
      const body = await readBody();
      if (typeof body !== "string") return body;
      return { status: 201, body: `${method} ${url} ${address} ${body}` };
    },
  });
  const answer = await fetch(`${server.url}/echo?x`, { method: "POST", body: "hello" });
  expect([answer.status, await answer.text()]).toEqual([201, "POST /echo?x 127.0.0.1 hello"]);
  expect((await fetch(`${server.url}/broken`)).status).toBe(500);
});

it("refuses a body while the bodies of all requests exceed their budget", async () => {
  await using server = await serveHttp({
    host: "127.0.0.1",
    port: 0,
    maxBodyBytes: 1000,
    logger,
    async handle({ readBody }) {
      const body = await readBody();
      return typeof body === "string" ? { status: 200 } : body;
    },
  });
  const post = async (body: string) => (await fetch(server.url, { method: "POST", body })).status;
  const unfinished = connect(server.port, "127.0.0.1").on("error", () => {});
  unfinished.write(`POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 2000\r\n\r\n${"x".repeat(900)}`);
  await expect.poll(() => post("x".repeat(500)), { timeout: 20_000 }).toBe(503);
  expect(await post("x")).toBe(200);
  unfinished.destroy();
  await expect.poll(() => post("x".repeat(500)), { timeout: 20_000 }).toBe(200);
});
