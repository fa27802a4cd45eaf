/** A rate, and how many may come at once. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

/** A bucket of tokens for each key, which fills at a rate. */
export interface TokenBuckets {
  /** Takes a token. Returns 0, or the milliseconds until there is one. */
  readonly take: (key: string, rate: Rate) => number;
}

interface Bucket {
  tokens: number;
  at: number;
}

/**
 * Creates buckets for at most `maxKeys` keys. The key that was not used for longest is forgotten.
 *
 * @example
 * const buckets = createTokenBuckets(10_000);
 * const waitMs = buckets.take("203.0.113.9", { perSecond: 20, burst: 200 });
 * if (waitMs > 0) throw new Error(`call again in ${Math.ceil(waitMs)} ms`);
 */
export function createTokenBuckets(maxKeys: number): TokenBuckets {
  const buckets = new Map<string, Bucket>();

  function fill(key: string, { perSecond, burst }: Rate): Bucket {
    const now = performance.now();
    const { tokens, at } = buckets.get(key) ?? { tokens: burst, at: now };
    return { tokens: Math.min(burst, tokens + ((now - at) / 1000) * perSecond), at: now };
  }

  const wait = ({ tokens }: Bucket, { perSecond }: Rate) =>
    tokens >= 1 ? 0 : ((1 - tokens) / perSecond) * 1000;

  return {
    take(key, rate) {
      const bucket = fill(key, rate);
      const ms = wait(bucket, rate);
      if (ms === 0) bucket.tokens -= 1;
      buckets.delete(key);
      buckets.set(key, bucket);
      const [oldest] = buckets.keys();
      if (buckets.size > maxKeys && oldest !== undefined) buckets.delete(oldest);
      return ms;
    },
  };
}
