import { Client, type ClientConfig } from "pg";
import { parseIntoClientConfig } from "pg-connection-string";

/**
 * Creates a class of clients that reads the address of the database, with its password and certificates,
 * for each connection. While the address is invalid or a certificate is missing, the last valid ones stay
 * in use: a pool constructs its clients where an error would end the process. Throws when the first
 * address is invalid.
 */
export function createClientClass(url: string | (() => string)): typeof Client {
  const read = typeof url === "string" ? () => url : url;
  let address = parseIntoClientConfig(read());

  function readAddress(): ClientConfig {
    try {
      address = parseIntoClientConfig(read());
    } catch {
      // The files are being replaced.
    }
    return address;
  }

  return class extends Client {
    constructor(config: ClientConfig = {}) {
      super({ ...config, ...readAddress() });
    }
  };
}
