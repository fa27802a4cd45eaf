import type { JWTVerifyGetKey } from "jose";
import { errors } from "jose";
import { fetchKeySet } from "./fetch-key-set.ts";
import type { PublicKeys, TokenKeys } from "./key-set.ts";
import { PublishedKeyError, parseKeySet } from "./key-set.ts";

/** How long fetched keys are used, and how often they are fetched. All times are in milliseconds. */
export interface RemoteKeysOptions {
  /** Keys that could not be fetched again for this time are used no more. Default: 24 hours. */
  readonly maxStaleMs?: number | undefined;
}

/** Keys are fetched again in the background after this time. */
const refreshAfterMs = 10 * 60_000;
/** Unknown keys make the set be fetched again once in this time, whoever sends how many of them. */
const unknownKeyPauseMs = 10_000;
const minPauseMs = 1_000;
const maxPauseMs = 60_000;
const dayMs = 24 * 3_600_000;

const now = () => performance.now();

interface FetchedKeys {
  readonly keys: PublicKeys;
  readonly fetchedAt: number;
}

/**
 * Fetches a JSON Web Key Set, and again in the background when it is old and for unknown keys. While that
 * fails, the last keys stay in use, and the pauses between attempts double from 1 s to 1 min with jitter. A key
 * whose private part is published is used no more.
 */
export function openRemoteKeys(url: URL, options: RemoteKeysOptions = {}): TokenKeys {
  const { maxStaleMs = dayMs } = options;
  let fetched: FetchedKeys | undefined;
  let failure: unknown;
  let failures = 0;
  let nextAttemptAt = 0;
  let nextUnknownAt = 0;
  let pending: Promise<void> | undefined;

  async function fetchKeys(): Promise<void> {
    nextUnknownAt = now() + unknownKeyPauseMs;
    try {
      fetched = { keys: parseKeySet(await fetchKeySet(url)), fetchedAt: now() };
      failure = undefined;
      failures = 0;
      nextAttemptAt = now() + refreshAfterMs;
    } catch (error) {
      failure = error;
      if (error instanceof PublishedKeyError) dropKeys(error);
      const pauseMs = Math.min(minPauseMs * 2 ** failures, maxPauseMs);
      failures += 1;
      nextAttemptAt = now() + pauseMs * (0.5 + Math.random() / 2);
    }
  }

  function dropKeys(error: PublishedKeyError): void {
    const keys = fetched?.keys.without(error);
    fetched = fetched && keys && { ...fetched, keys };
  }

  function refresh(): Promise<void> {
    pending ??= fetchKeys().finally(() => {
      pending = undefined;
    });
    return pending;
  }

  const isUsable = (): boolean => fetched !== undefined && now() < fetched.fetchedAt + maxStaleMs;

  /** Returns the keys, without waiting for the provider when there are some that can be used. */
  async function load(): Promise<PublicKeys> {
    if (pending !== undefined || now() >= nextAttemptAt) {
      const refreshing = refresh();
      if (!isUsable()) await refreshing;
    }
    if (fetched !== undefined && isUsable()) return fetched.keys;
    throw new errors.JWKSInvalid("the key set cannot be fetched", { cause: failure });
  }

  const find: JWTVerifyGetKey = async (header, token) => {
    const current = await load();
    try {
      return await current.find(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      if (now() >= nextUnknownAt || pending !== undefined) await refresh();
      // Without the provider nobody can tell whether the key is a new one.
      if (failure !== undefined) {
        throw new errors.JWKSInvalid("the key set cannot be fetched", { cause: failure });
      }
      return await (await load()).find(header, token);
    }
  };

  return {
    find,
    async load() {
      await load();
    },
    async assertFresh() {
      await load();
      if (failure !== undefined) throw failure;
    },
  };
}
