/** Who signs certificates and tokens: only `fanfare secrets` reads it. */
export const authorityHolder = "temporal-authority";

/** The folder of the server. */
export const serverHolder = "temporal-server";

/** The files of the server. */
export const serverFiles = {
  /** The authority of the clients' certificates. */
  authority: "ca.crt",
  /** The certificate for clients, and its key. */
  frontend: "frontend.pem",
  /** The certificate for the server's own parts, and its key. It is its own authority. */
  internode: "internode.pem",
  /** The public keys that verify tokens. */
  keySet: "jwks.json",
} as const;

/** The files in the folder of each client. */
export const clientFiles = {
  authority: "temporal-ca.crt",
  /** The certificate and its key. */
  certificate: "temporal.pem",
  token: "temporal-token",
} as const;
