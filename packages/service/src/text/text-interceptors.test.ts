import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { describe, expect, it } from "vitest";
import { startEcho } from "../../test/echo.ts";
import { EchoService } from "../gen/fanfare/echo/v1/echo_pb.ts";
import { createTextEscaper } from "./text-interceptors.ts";

const texts = ["a\u001b]52;c;aGk=\u0007", "a\u202eb", "a\u200bb", "a\nb", "a\u0000", "a\u2028b"];

describe("a text that is not shown as it is", () => {
  it.each(texts)("is refused in a request: %j", async (text) => {
    await using echo = await startEcho();
    const { status, body } = await echo.post("Say", { body: { text } });
    expect(status).toBe(400);
    expect(body.code).toBe("invalid_argument");
    expect(body.message).toMatch(
      /^text contains the character \\\w+, which is not shown: remove it$/,
    );
  });

  it("is refused in JSON that is not well-formed", async () => {
    await using echo = await startEcho();
    const { body } = await echo.post("Say", { body: String.raw`{"text":"a\ud800"}` });
    expect(body.code).toBe("invalid_argument");
  });

  it("is refused in the request of a stream", async () => {
    await using echo = await startEcho();
    const client = createClient(
      EchoService,
      createConnectTransport({
        baseUrl: echo.server.url,
        httpVersion: "2",
        interceptors: [echo.asRider],
      }),
    );
    const read = async () => {
      for await (const message of client.repeat({ text: "a\u202e" })) expect(message).toBeNull();
    };
    await expect(read()).rejects.toThrow("[invalid_argument] text contains the character \\u202e");
  });

  it("is refused as the subject of a token", async () => {
    await using echo = await startEcho();
    const token = await echo.issuer.mint({ sub: "rider\u001b[2J" });
    const { body } = await echo.post("Say", { body: { text: "hello" }, token });
    expect(body.code).toBe("unauthenticated");
  });

  it("is escaped by a client that passes it on", async () => {
    await using echo = await startEcho();
    const transport = createConnectTransport({
      baseUrl: echo.server.url,
      httpVersion: "2",
      interceptors: [echo.asRider, createTextEscaper()],
    });
    const { text } = await createClient(EchoService, transport).say({ text: "a\u202e\nb" });
    expect(text).toBe(String.raw`a\u202e\nb`);
  });
});
