import { BusError } from "@fanfare/bus";

/** Where JetStream's API is, for a process that is not in the domain of its streams. */
export interface ApiAddress {
  readonly domain?: string | undefined;
  readonly apiPrefix?: string | undefined;
}

/** Returns the prefix of the subjects of JetStream's API. Throws `invalid_argument`. */
export function resolveApiPrefix({ domain, apiPrefix }: ApiAddress): string {
  if (domain !== undefined && apiPrefix !== undefined) {
    const message =
      "domain and apiPrefix are both set: set the domain, or the prefix under which an account imports the API";
    throw new BusError("invalid_argument", message);
  }
  if (domain !== undefined) return `$JS.${check("domain", domain, /^[^\s.*>]+$/)}.API`;
  if (apiPrefix === undefined) return "$JS.API";
  return check("apiPrefix", apiPrefix.replace(/\.$/, ""), /^[^\s.*>]+(\.[^\s.*>]+)*$/);
}

function check(name: string, value: string, pattern: RegExp): string {
  if (pattern.test(value)) return value;
  throw new BusError(
    "invalid_argument",
    `${name} "${value}" is no part of a subject: use words without spaces and wildcards${name === "domain" ? " and dots" : ", joined by dots"}`,
  );
}
