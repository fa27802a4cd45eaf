import { constants } from "node:http2";
import type { NodeResponse } from "./listen.ts";

const stallTimeoutMs = 30_000;

/**
 * Relays the pieces of a response, and closes it when its reader takes none for 30 s: the HTTP/2 stream,
 * or the HTTP/1.1 connection. The pause between two pieces is not limited.
 */
export async function* closeWhenStalled(
  chunks: AsyncIterable<Uint8Array>,
  response: NodeResponse,
): AsyncGenerator<Uint8Array> {
  let timer: NodeJS.Timeout | undefined;
  const watch = () => {
    timer = setTimeout(() => closeResponse(response), stallTimeoutMs);
  };
  try {
    for await (const chunk of chunks) {
      watch();
      // Resumed when the reader has taken the piece.
      yield chunk;
      clearTimeout(timer);
    }
  } finally {
    clearTimeout(timer);
    if (!response.closed) {
      watch();
      response.once("close", () => clearTimeout(timer));
    }
  }
}

function closeResponse(response: NodeResponse): void {
  if ("stream" in response) response.stream.close(constants.NGHTTP2_CANCEL);
  else response.destroy();
}
