/** Where a listener listens. */
export interface ListenerAddress {
  readonly host: string;
  readonly port: number;
  readonly tls?: boolean;
}

/** Returns the http address of a listener, such as `http://[::1]:8080`. */
export function formatUrl({ host, port, tls = false }: ListenerAddress): string {
  return `${tls ? "https" : "http"}://${host.includes(":") ? `[${host}]` : host}:${port}`;
}
