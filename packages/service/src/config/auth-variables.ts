import { z } from "zod";
import { defineVariable } from "./variable.ts";

const publicKeyAlgorithms = /^(EdDSA|Ed25519|(ES|RS|PS)(256|384|512))$/;

const algorithms = z
  .string()
  .transform((text) => text.split(",").map((name) => name.trim()))
  .refine((names) => names.every((name) => publicKeyAlgorithms.test(name)), {
    error: "it names an algorithm that is none of EdDSA, Ed25519, ES256, RS256, PS256 and the like",
  })
  .default(["EdDSA", "Ed25519"]);

const types = z
  .string()
  .transform((text) => text.split(",").map((name) => name.trim()))
  .refine((names) => names.every((name) => /^[\w.+/-]+$/.test(name)), {
    error: "it names a type that no token can have",
  })
  .default(["at+jwt"]);

function wholeNumber(min: number, max: number = Number.MAX_SAFE_INTEGER) {
  return z.coerce
    .number({ error: "it is not a number" })
    .int("it is not a whole number")
    .min(min, `it is below ${min}`)
    .max(max, `it is above ${max}`);
}

const rates = z
  .string()
  .regex(/^(\w+=[1-9]\d{0,5}(,(?!$)|$))*$/, "it is not a list such as rider=20,address=20")
  .default("")
  .transform((text) => {
    const pairs = text.split(",").filter((pair) => pair !== "");
    return Object.fromEntries(pairs.map((pair) => splitRate(pair)));
  });

function splitRate(pair: string): [string, number] {
  const [name = "", rate] = pair.split("=");
  return [name, Number(rate)];
}

const serviceIssuer = defineVariable("SERVICE_ISSUER", z.string().min(1).default("services"), {
  about: "Issuer of the tokens that services sign with their own keys.",
  example: "services",
});

/** Which tokens a process accepts. */
export const authVariables = {
  jwks: defineVariable("AUTH_JWKS", z.string().min(1), {
    about: "File or http(s) address of the JSON Web Key Set that verifies tokens.",
    example: "./dev-keys/jwks.json",
  }),
  issuer: defineVariable("AUTH_ISSUER", z.string().min(1).default("fanfare"), {
    about: "Issuer of the tokens.",
    example: "fanfare",
  }),
  serviceJwks: defineVariable("AUTH_SERVICE_JWKS", z.string().min(1).optional(), {
    about: "File or http(s) address of the key set that verifies the tokens of SERVICE_ISSUER.",
    example: "./secrets/fleet/service-jwks.json",
  }),
  serviceIssuer,
  callRates: defineVariable("CALL_RATES", rates, {
    about:
      "Calls per second of one caller by its role, and of one address without a valid token. " +
      "Ten times as many may come at once.",
    example: "rider=20,address=20",
  }),
  audience: defineVariable("AUTH_AUDIENCE", z.string().min(1).default("fanfare"), {
    about: "Audience of the tokens.",
    example: "fanfare",
  }),
  algorithms: defineVariable("AUTH_ALGORITHMS", algorithms, {
    about: "Signature algorithms that a token may have, joined by commas.",
    example: "EdDSA,ES256",
  }),
  types: defineVariable("AUTH_TOKEN_TYPES", types, {
    about: "Types that a token may have in its header, joined by commas.",
    example: "at+jwt,JWT",
  }),
  maxLifetimeSeconds: defineVariable("AUTH_MAX_LIFETIME_SECONDS", wholeNumber(1).default(86_400), {
    about: "Longest life of a token of AUTH_ISSUER, in seconds.",
    example: "86400",
  }),
  leewaySeconds: defineVariable("AUTH_LEEWAY_SECONDS", wholeNumber(0, 300).default(5), {
    about: "How far the clock of the issuer may be off, in seconds.",
    example: "5",
  }),
  maxStaleKeysMs: defineVariable("AUTH_MAX_STALE_KEYS_MS", wholeNumber(0).default(86_400_000), {
    about: "How long keys that cannot be fetched again stay in use, in milliseconds.",
    example: "86400000",
  }),
};

/** Where a process gets the tokens with which it calls other services; {@link readTokenSource} reads them. */
export const serviceTokenVariables = {
  serviceKeyFile: defineVariable("SERVICE_KEY_FILE", z.string().min(1).optional(), {
    about:
      "File with the private key (JSON Web Key) that signs the tokens for calls to other services, reread " +
      "when it changes. This or SERVICE_TOKEN_FILE is required.",
    example: "./secrets/fleet/service-key.json",
  }),
  serviceIssuer,
  serviceTokenFile: defineVariable("SERVICE_TOKEN_FILE", z.string().min(1).optional(), {
    about:
      "File with the bearer token for calls to other services, reread when it changes, instead of a key.",
    example: "./service.token",
  }),
};
