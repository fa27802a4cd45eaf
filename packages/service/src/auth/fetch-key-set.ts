import { maxKeySetBytes } from "./key-set.ts";

const timeoutMs = 5_000;

/**
 * Fetches the text of a key set. Rejects when the answer is not 200, a redirect, longer than
 * `maxKeySetBytes`, or not complete within 5 s.
 */
export async function fetchKeySet(url: URL): Promise<string> {
  const { address, headers } = splitCredentials(url);
  const response = await fetch(address, {
    headers: { accept: "application/jwk-set+json, application/json", ...headers },
    redirect: "manual",
    signal: AbortSignal.timeout(timeoutMs),
  });
  try {
    if (response.status !== 200) {
      throw new Error(`expected status 200 from the key set's address, got ${response.status}`);
    }
    return await readText(response);
  } finally {
    // A body that is not read would keep its connection.
    if (response.body?.locked === false) await response.body.cancel().catch(() => {});
  }
}

async function readText({ body }: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const chunk of body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > maxKeySetBytes) {
      throw new Error(`expected a key set of at most ${maxKeySetBytes} bytes, got a longer one`);
    }
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/** fetch refuses an address with credentials: they are sent as a header. */
function splitCredentials(url: URL): { address: URL; headers: Record<string, string> } {
  const address = new URL(url);
  address.username = "";
  address.password = "";
  if (url.username === "" && url.password === "") return { address, headers: {} };
  const login = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  const headers = { authorization: `Basic ${Buffer.from(login).toString("base64")}` };
  return { address, headers };
}
