import { constants } from "node:http2";
import type { Readable, Writable } from "node:stream";
import type { NodeRequest, NodeResponse } from "./listen.ts";

const timeoutMs = 2000;
const maxBytes = 16 * 1024 * 1024;

/**
 * Discards the rest of a body on which the response no longer depends. Call it before the response
 * ends: many clients read no response before they have sent their body, and lose it when the stream or
 * connection is closed meanwhile. Discards up to 16 MiB. A body that has not ended 2 s after the
 * response is cut off: over HTTP/2 the stream is closed without an error (RFC 9113, section 8.1), over
 * HTTP/1.1 the connection is closed. `reading` resolves when nothing else reads the body.
 */
export function drainBody(
  request: NodeRequest,
  response: NodeResponse,
  reading: Promise<unknown> = Promise.resolve(),
): void {
  if (request.complete) return;
  const body: Readable = request;
  // Over HTTP/2, the response emits "finish" when its stream is closed, which takes the end of the body.
  const sent: Writable = "stream" in response ? response.stream : response;
  async function discard(): Promise<void> {
    await reading.catch(() => {});
    let bytes = 0;
    body.on("data", (chunk: Uint8Array) => {
      bytes += chunk.byteLength;
      if (bytes > maxBytes) body.pause();
    });
    body.resume();
  }
  void discard();
  sent.once("finish", () => {
    const timer = setTimeout(() => cutOff(request), timeoutMs);
    body.once("close", () => clearTimeout(timer));
  });
}

function cutOff(request: NodeRequest): void {
  if ("stream" in request) request.stream.close(constants.NGHTTP2_NO_ERROR);
  else request.destroy();
}
