import { z } from "zod";
import type { Values, Variable } from "./variable.ts";
import { variable } from "./variable.ts";

/** portVariable declares a port to listen on; 0 is any free one. */
export function portVariable(
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
  return variable(name, schema, { about, example: String(port) });
}

/** addressVariable declares the http address of another service. */
export function addressVariable(name: string, address: string, about: string): Variable<string> {
  const schema = z.url({ protocol: /^https?$/, error: "it is not an http address" });
  return variable(name, schema.default(address), { about, example: address });
}

/** serverVariables say where a process listens and what it logs. */
export const serverVariables = {
  host: variable("HOST", z.string().min(1).default("127.0.0.1"), "Address to listen on."),
  port: portVariable("PORT", 8080),
  logLevel: variable(
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
  jwks: variable("AUTH_JWKS", z.string().min(1), {
    about: "File, or http(s) address, of the JSON Web Key Set that tokens are signed with.",
    example: "./dev-keys/jwks.json",
  }),
  issuer: variable("AUTH_ISSUER", z.string().min(1).default("fanfare"), {
    about: "Issuer of the tokens.",
    example: "fanfare",
  }),
  audience: variable("AUTH_AUDIENCE", z.string().min(1).default("fanfare"), {
    about: "Audience of the tokens.",
    example: "fanfare",
  }),
};

/** databaseVariables say where the process's own database is. */
export const databaseVariables = {
  databaseUrl: variable(
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
  natsUrl: variable("NATS_URL", z.string().min(1).default("nats://127.0.0.1:4222"), {
    about: "Where NATS is.",
    example: "nats://127.0.0.1:4222",
  }),
  natsUser: variable("NATS_USER", z.string().min(1).optional(), {
    about:
      "This app's own user of NATS. With one, it makes no streams: they are provisioned before.",
    example: "app",
  }),
  natsPassword: variable("NATS_PASSWORD", z.string().min(1).optional(), {
    about: "The password of NATS_USER.",
    example: "secret",
    secret: true,
  }),
  natsCredentials: variable("NATS_CREDENTIALS", z.string().min(1).optional(), {
    about: "A credentials file of NATS, in place of NATS_USER and its password.",
    example: "./app.creds",
  }),
};

/** readNatsCredentials is who the process is to NATS; nobody in particular where no variable says. */
export function readNatsCredentials(
  config: Pick<Values<typeof natsVariables>, "natsUser" | "natsPassword" | "natsCredentials">,
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
  serviceTokenFile: variable("SERVICE_TOKEN_FILE", z.string().min(1), {
    about: "File with the bearer token for calls to other services; read again when it changes.",
    example: "./dev-keys/service.token",
  }),
};
