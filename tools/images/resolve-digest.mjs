import { createHash } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { UserError } from "../user-error.mjs";

const hub = "https://registry-1.docker.io";
const timeoutMs = 20_000;
const attempts = 4;
/** The longest wait that a registry may request. It is an error to request a longer one. */
const longestWaitMs = 60_000;
/** A manifest is a few kilobytes; one of a registry may have 4 MiB at most. */
const largestManifest = 4 * 1024 * 1024;

// A list of manifests comes first: its digest names the image for all platforms.
const accept = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
].join(", ");

/**
 * Resolves the digest of a tag from its registry by the OCI distribution API: `sha256:` and 64 digits.
 * Rejects with a UserError when the registry cannot be reached, does not have the tag, refuses, or answers
 * with another manifest than its digest names. `mirror` replaces Docker Hub.
 */
export async function resolveDigest(image, { mirror = hub, wait = delay } = {}) {
  const { registry, repository, tag } = parseImage(image, mirror);
  const url = `${registry}/v2/${repository}/manifests/${tag}`;
  let response = await request(url, { headers: { accept } }, wait);
  if (response.status === 401) {
    const token = await requestToken(response, { image, repository, wait });
    response = await request(url, { headers: { accept, authorization: `Bearer ${token}` } }, wait);
  }
  if (response.status === 404) {
    throw new UserError(`${registry} has no image ${image}: correct its name or tag`);
  }
  if (!response.ok) {
    throw new UserError(`${registry} answered ${response.status} for ${image}: try again later`);
  }
  const body = await readBounded(response, url);
  const digest = `sha256:${createHash("sha256").update(body).digest("hex")}`;
  const named = response.headers.get("docker-content-digest") ?? digest;
  if (named !== digest) {
    throw new UserError(
      `expected the manifest of ${image} with the digest ${named}, got ${digest}: do not use this registry`,
    );
  }
  return digest;
}

/** Splits an image into its registry, repository and tag, with the defaults of Docker. */
export function parseImage(image, mirror = hub) {
  const [, path, tag] = /^(.+):([\w.-]+)$/.exec(image) ?? [];
  const [first, ...others] = path.split("/");
  if (others.length > 0 && /[.:]|^localhost$/.test(first)) {
    return { registry: `https://${first}`, repository: others.join("/"), tag };
  }
  return { registry: mirror, repository: others.length === 0 ? `library/${first}` : path, tag };
}

/** Fetches an anonymous token from where the registry's challenge names. */
async function requestToken(response, { image, repository, wait }) {
  const challenge = response.headers.get("www-authenticate") ?? "";
  const parts = new Map([...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, k, v]) => [k, v]));
  const realm = parts.get("realm");
  if (!/^bearer /i.test(challenge) || !URL.canParse(realm)) {
    throw new UserError(`the registry of ${image} demands a login: pin its digest by hand`);
  }
  const url = new URL(realm);
  if (parts.has("service")) url.searchParams.set("service", parts.get("service"));
  url.searchParams.set("scope", parts.get("scope") ?? `repository:${repository}:pull`);
  const answer = await request(url.href, {}, wait);
  const token = answer.ok ? readToken(await readBounded(answer, url.href)) : undefined;
  if (typeof token !== "string") {
    throw new UserError(`${url.origin} answered ${answer.status} without a token for ${image}`);
  }
  return token;
}

/** Returns the token of an answer in JSON, and undefined when there is none. */
function readToken(text) {
  try {
    const { token, access_token: other } = JSON.parse(text);
    return token ?? other;
  } catch {
    return undefined;
  }
}

/** Repeats a request that was refused for its rate or by an overloaded server, with a backoff. */
async function request(url, options, wait) {
  for (let attempt = 1; ; attempt += 1) {
    const response = await send(url, options);
    const busy = response.status === 429 || response.status >= 500;
    if (!busy || attempt === attempts) return response;
    const asked = Number(response.headers.get("retry-after")) * 1000;
    if (asked > longestWaitMs) return response;
    await response.body?.cancel();
    await wait(asked > 0 ? asked : 500 * 2 ** attempt);
  }
}

async function send(url, options) {
  try {
    return await fetch(url, { ...options, signal: AbortSignal.timeout(timeoutMs) });
  } catch (error) {
    const reason = error.cause?.code ?? error.cause?.message ?? error.message;
    throw new UserError(
      `${new URL(url).origin} cannot be reached (${reason}): pin where a registry of images answers; the files work with tags alone`,
    );
  }
}

async function readBounded(response, url) {
  const chunks = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > largestManifest) throw new UserError(`${url} answered more than 4 MiB`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
