import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import type { Interceptor } from "@connectrpc/connect";
import { Code, ConnectError } from "@connectrpc/connect";
import { escapeText, findUnsafeCharacter } from "./escape-text.ts";
import type { MapText } from "./map-texts.ts";
import { mapTexts } from "./map-texts.ts";

/**
 * Creates the interceptor of a server that refuses requests with invisible characters, in whatever text
 * field: those that `escapeText` escapes. The refusal is `invalid_argument` and names the field.
 */
export function createTextRefusal(): Interceptor {
  return createTextInterceptor((text, path) => {
    const found = findUnsafeCharacter(text);
    if (found === undefined) return text;
    throw new ConnectError(
      `${path} contains the character ${found}, which is not shown: remove it`,
      Code.InvalidArgument,
    );
  });
}

/**
 * Creates the interceptor of a client that escapes the texts of its requests as `escapeText` does. For a
 * service that passes on text which it did not write, such as the message of an error: servers refuse it as
 * it is.
 *
 * @example
 * using transport = createServiceTransport({
 *   baseUrl: "http://127.0.0.1:8081",
 *   interceptors: [createTextEscaper()],
 * });
 */
export function createTextEscaper(): Interceptor {
  return createTextInterceptor(escapeText);
}

function createTextInterceptor(map: MapText): Interceptor {
  return (next) => async (request) => {
    const { input } = request.method;
    if (!request.stream) {
      mapTexts(input, request.message, map);
      return await next(request);
    }
    return await next({ ...request, message: mapMessages(input, request.message, map) });
  };
}

async function* mapMessages<D extends DescMessage>(
  schema: D,
  messages: AsyncIterable<MessageShape<D>>,
  map: MapText,
): AsyncGenerator<MessageShape<D>> {
  for await (const message of messages) {
    mapTexts(schema, message, map);
    yield message;
  }
}
