import { formatError } from "../../cli-error.ts";
import type { Located, Places } from "./locate-places.ts";
import { createPatterns, type Hit, type Pattern, type Wanted } from "./matcher.ts";
import { type Searched, searchDatabases } from "./search-databases.ts";
import { searchFolder, searchTemporal } from "./search-files.ts";
import { searchStreams } from "./search-streams.ts";

/** What was searched for values, and what was found. */
export interface SearchResult {
  /** The values that were searched for. */
  readonly values: readonly Wanted[];
  /** The kinds of places, such as "9 databases". */
  readonly searched: readonly string[];
  /** The kinds of places that could not be searched, with what to do, such as "the streams (set NATS_URL)". */
  readonly notSearched: readonly string[];
  /** Places that have a value that they do not keep on purpose. */
  readonly left: readonly Hit[];
  /** Places that keep a value on purpose. */
  readonly kept: readonly Hit[];
}

/** How long each kind of place is searched at most. */
const timeoutMs = 300_000;

/** Searches all places that can be searched for values, one kind after another. Never rejects. */
export async function searchPlaces(
  places: Places,
  values: readonly Wanted[],
): Promise<SearchResult> {
  const patterns = createPatterns(values);
  const outcomes = [
    await searchOne("database", places.adminUrl, patterns, searchDatabases),
    await searchOne("stream", places.nats, patterns, searchStreams),
    await searchOne("Temporal", places.temporal, patterns, searchTemporal),
    await searchOne("log", places.logs, patterns, searchFolder),
  ];
  const hits = outcomes.flatMap((one) => ("hits" in one ? one.hits : []));
  return {
    values,
    searched: outcomes.flatMap((one) => ("searched" in one ? [one.searched] : [])),
    notSearched: outcomes.flatMap((one) => ("notSearched" in one ? [one.notSearched] : [])),
    left: hits.filter((hit) => !isKept(hit)),
    kept: hits.filter(isKept),
  };
}

type Outcome =
  | { readonly searched: string; readonly hits: readonly Hit[] }
  | { readonly notSearched: string };

async function searchOne<T>(
  kind: "database" | "stream" | "Temporal" | "log",
  place: Located<T>,
  patterns: readonly Pattern[],
  search: (at: T, patterns: readonly Pattern[]) => Promise<Searched>,
): Promise<Outcome> {
  const all = kind === "Temporal" ? kind : `the ${kind}s`;
  if ("missing" in place) return { notSearched: `${all} (${place.missing})` };
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new Error(`no end after ${timeoutMs / 1000} s`)),
    timeoutMs,
  );
  try {
    const { count, hits } = await Promise.race([search(place.at, patterns), late.promise]);
    const searched = kind === "Temporal" ? kind : `${count} ${kind}${count === 1 ? "" : "s"}`;
    return { searched, hits };
  } catch (error) {
    return { notSearched: `${all} (${formatError(error)})` };
  } finally {
    clearTimeout(timer);
  }
}

function isKept({ place, wanted }: Hit): boolean {
  return wanted.keptIn?.some((one) => one.test(place)) ?? false;
}
