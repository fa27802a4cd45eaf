import { Client, type ClientConfig } from "pg";
import { parseIntoClientConfig } from "pg-connection-string";

/** Creates the clients of a database whose address may change. */
export interface DatabaseClients {
  readonly Client: typeof Client;
  /**
   * Returns whether a client was opened with the address that is valid now, such as with the current login.
   * Reads the address at most once a second.
   */
  isCurrent(client: Client): boolean;
}

const rereadIntervalMs = 1000;

/**
 * Creates a class of clients that reads the address of the database, with its password and certificates,
 * for each connection. While the address is invalid or a certificate is missing, the last valid ones stay
 * in use: a pool constructs its clients where an error would end the process. Throws when the first
 * address is invalid.
 */
export function createClientClass(url: string | (() => string)): DatabaseClients {
  const read = typeof url === "string" ? () => url : url;
  let text = read();
  let address = parseIntoClientConfig(text);
  let readAt = performance.now();
  const openedWith = new WeakMap<Client, string>();

  function readAddress(): void {
    readAt = performance.now();
    try {
      const found = read();
      address = parseIntoClientConfig(found);
      text = found;
    } catch {
      // The files are being replaced.
    }
  }

  return {
    Client: class extends Client {
      constructor(config: ClientConfig = {}) {
        readAddress();
        super({ ...config, ...address });
        openedWith.set(this, text);
      }
    },
    isCurrent(client) {
      if (performance.now() - readAt >= rereadIntervalMs) readAddress();
      return openedWith.get(client) === text;
    },
  };
}
