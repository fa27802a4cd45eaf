import { z } from "zod";
import type { ConfigValues, Variable } from "./variable.ts";
import { defineVariable } from "./variable.ts";

/** definePortVariable declares a port to listen on; 0 is any free one. */
export function definePortVariable(
  name: string,
  port: number,
  about = "Port to listen on.",
): Variable<number> {
  const schema = z
    .string()
    .regex(/^\d+$/, "it is not a number")
    .transform(Number)
    .pipe(z.number().max(65_535, "it is above 65535"))
    .default(port);
  return defineVariable(name, schema, { about, example: String(port) });
}

/** defineAddressVariable declares the http address of another service. */
export function defineAddressVariable(
  name: string,
  address: string,
  about: string,
): Variable<string> {
  const schema = z.url({ protocol: /^https?$/, error: "it is not an http address" });
  return defineVariable(name, schema.default(address), { about, example: address });
}

/** serverVariables say where a process listens and what it logs. */
export const serverVariables = {
  host: defineVariable("HOST", z.string().min(1).default("127.0.0.1"), "Address to listen on."),
  port: definePortVariable("PORT", 8080),
  logLevel: defineVariable(
    "LOG_LEVEL",
    z
      .enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"], {
        error: "it is none of trace, debug, info, warn, error, fatal, silent",
      })
      .default("info"),
    { about: "Least level that is logged.", example: "info" },
  ),
};

/** authVariables say which tokens are trusted. */
export const authVariables = {
  jwks: defineVariable("AUTH_JWKS", z.string().min(1), {
    about: "File, or http(s) address, of the JSON Web Key Set that tokens are signed with.",
    example: "./dev-keys/jwks.json",
  }),
  issuer: defineVariable("AUTH_ISSUER", z.string().min(1).default("fanfare"), {
    about: "Issuer of the tokens.",
    example: "fanfare",
  }),
  audience: defineVariable("AUTH_AUDIENCE", z.string().min(1).default("fanfare"), {
    about: "Audience of the tokens.",
    example: "fanfare",
  }),
};

/** databaseVariables say where the process's own database is. */
export const databaseVariables = {
  databaseUrl: defineVariable(
    "DATABASE_URL",
    z.url({ protocol: /^postgres(ql)?$/, error: "it is not a PostgreSQL address" }),
    {
      about: "This app's own PostgreSQL database, with its role and password.",
      example: "postgres://app:secret@127.0.0.1:5433/app",
      secret: true,
    },
  ),
};

/** natsVariables say where NATS is, and who the process is there. */
export const natsVariables = {
  natsUrl: defineVariable("NATS_URL", z.string().min(1).default("nats://127.0.0.1:4222"), {
    about: "Where NATS is.",
    example: "nats://127.0.0.1:4222",
  }),
  natsUser: defineVariable("NATS_USER", z.string().min(1).optional(), {
    about:
      "This app's own user of NATS. With one, it makes no streams: they are provisioned before.",
    example: "app",
  }),
  natsPassword: defineVariable("NATS_PASSWORD", z.string().min(1).optional(), {
    about: "The password of NATS_USER.",
    example: "secret",
    secret: true,
  }),
  natsCredentials: defineVariable("NATS_CREDENTIALS", z.string().min(1).optional(), {
    about: "A credentials file of NATS, in place of NATS_USER and its password.",
    example: "./app.creds",
  }),
};

/** readNatsCredentials is who the process is to NATS; nobody in particular where no variable says. */
export function readNatsCredentials(
  config: Pick<ConfigValues<typeof natsVariables>, "natsUser" | "natsPassword" | "natsCredentials">,
): {
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly credentialsFile: string | undefined;
} {
  const { natsUser: user, natsPassword: password, natsCredentials: credentialsFile } = config;
  return { user, password, credentialsFile };
}

/** serviceTokenVariables say with which token the process calls others. */
export const serviceTokenVariables = {
  serviceTokenFile: defineVariable("SERVICE_TOKEN_FILE", z.string().min(1), {
    about: "File with the bearer token for calls to other services; read again when it changes.",
    example: "./dev-keys/service.token",
  }),
};
