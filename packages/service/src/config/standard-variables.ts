import { z } from "zod";
import { parseProxies } from "../limits/client-address.ts";
import type { ConfigValues, Variable } from "./variable.ts";
import { defineRotatingVariable, defineVariable } from "./variable.ts";

/**
 * Defines the variable of a port to listen on; 0 chooses a free one.
 *
 * @example
 * const port = definePortVariable("PORT", 8082);
 */
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

/**
 * Defines `HEALTH_PORT`, the port of health, readiness and metrics. Its default is 1000 above the port of
 * the process, so that several processes fit on one machine.
 *
 * @example
 * const healthPort = defineHealthPortVariable(8082); // 9082
 */
export function defineHealthPortVariable(port: number): Variable<number> {
  const about = "Port of health, readiness and metrics, for probes and Prometheus alone.";
  return definePortVariable("HEALTH_PORT", port + 1000, about);
}

/**
 * Defines the variable of another service's http address.
 *
 * @example
 * const billingUrl = defineAddressVariable(
 *   "BILLING_URL",
 *   "http://127.0.0.1:8083",
 *   "The billing service.",
 * );
 */
export function defineAddressVariable(
  name: string,
  address: string,
  about: string,
): Variable<string> {
  const schema = z.url({ protocol: /^https?$/, error: "it is not an http address" });
  return defineVariable(name, schema.default(address), { about, example: address });
}

const proxies = z
  .string()
  .default("")
  .transform((text) => text.split(/[\s,]+/).filter((entry) => entry !== ""))
  .refine(areProxies, "it is not a list of IP addresses and networks");

function areProxies(entries: readonly string[]): boolean {
  try {
    parseProxies(entries);
    return true;
  } catch {
    return false;
  }
}

/** Where a process listens, what it logs, and whether it describes its services. */
export const serverVariables = {
  host: defineVariable("HOST", z.string().min(1).default("127.0.0.1"), "Address to listen on."),
  port: definePortVariable("PORT", 8080),
  healthPort: defineHealthPortVariable(8080),
  logLevel: defineVariable(
    "LOG_LEVEL",
    z
      .enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"], {
        error: "it is none of trace, debug, info, warn, error, fatal, silent",
      })
      .default("info"),
    { about: "Lowest level to log.", example: "info" },
  ),
  trustedProxies: defineVariable("TRUSTED_PROXIES", proxies, {
    about:
      "IP addresses and networks of proxies whose x-forwarded-for names the caller, by commas.",
    example: "10.0.0.0/8",
  }),
  reflection: defineVariable(
    "REFLECTION",
    z
      .stringbool({ truthy: ["true"], falsy: ["false"], error: "it is neither true nor false" })
      .default(false),
    {
      about: "Whether grpcurl and buf curl find the services, without a token.",
      example: "true",
    },
  ),
};

/** Where the database of a process is. */
export const databaseVariables = {
  databaseUrl: defineRotatingVariable(
    "DATABASE_URL",
    z.url({ protocol: /^postgres(ql)?$/, error: "it is not a PostgreSQL address" }),
    {
      about: "PostgreSQL database of this app, with its role and password.",
      example: "postgres://app:secret@127.0.0.1:5433/app",
      secret: true,
    },
  ),
  databasePooler: defineVariable(
    "DATABASE_POOLER",
    z.enum(["none", "transaction"], { error: "it is none of none, transaction" }).default("none"),
    {
      about: "transaction: DATABASE_URL is PgBouncer in transaction mode, or a pooler like it.",
      example: "none",
    },
  ),
};

/** Where NATS is, and how the process authenticates there. */
export const natsVariables = {
  natsUrl: defineVariable("NATS_URL", z.string().min(1).default("nats://127.0.0.1:4222"), {
    about: "Address of NATS, or several joined by commas. May contain user and password.",
    example: "nats://127.0.0.1:4222",
  }),
  natsDomain: defineVariable("NATS_DOMAIN", z.string().min(1).optional(), {
    about: "JetStream domain of the streams, for an app behind a leaf node.",
    example: "hub",
  }),
  natsApiPrefix: defineVariable("NATS_API_PREFIX", z.string().min(1).optional(), {
    about: "Prefix of JetStream's API, for an account that imports it under another one.",
    example: "$JS.hub.API",
  }),
  natsUser: defineRotatingVariable("NATS_USER", z.string().min(1).optional(), {
    about:
      "NATS user of this app. An app with a user creates no streams: provision them before it starts.",
    example: "app",
  }),
  natsPassword: defineRotatingVariable("NATS_PASSWORD", z.string().min(1).optional(), {
    about: "Password of NATS_USER.",
    example: "secret",
    secret: true,
  }),
  natsCredentials: defineVariable("NATS_CREDENTIALS", z.string().min(1).optional(), {
    about: "NATS credentials file, instead of NATS_USER and NATS_PASSWORD.",
    example: "./app.creds",
  }),
  natsNkeyFile: defineVariable("NATS_NKEY_FILE", z.string().min(1).optional(), {
    about: "File with the NKey seed of this app, instead of NATS_USER and NATS_PASSWORD.",
    example: "./app.nk",
  }),
};

/**
 * Returns the credentials of the NATS variables, as `connectNats` of `@fanfare/bus-nats` takes them.
 * NATS_URL is one of them, as it may contain a user and a password. User and password are functions, so
 * that they may change: `connectNats` calls them at each connect.
 *
 * @example
 * const config = loadConfig({ name: "audit", about: "The audit log.", variables: natsVariables });
 * readNatsCredentials(config); // { servers: "nats://…", user: () => "audit", … }
 */
export function readNatsCredentials(config: ConfigValues<typeof natsVariables>): {
  readonly servers: string;
  readonly user: (() => string) | undefined;
  readonly password: (() => string) | undefined;
  readonly credentialsFile: string | undefined;
  readonly nkeyFile: string | undefined;
} {
  const { natsUrl: servers, natsUser: user, natsPassword: password } = config;
  return {
    servers,
    user: whenSet(user),
    password: whenSet(password),
    credentialsFile: config.natsCredentials,
    nkeyFile: config.natsNkeyFile,
  };
}

/** Returns a function that reads the value, or undefined where there is none at the start. */
function whenSet(read: () => string | undefined): (() => string) | undefined {
  return read() === undefined ? undefined : () => read() ?? "";
}
