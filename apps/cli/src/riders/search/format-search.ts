import type { Hit, Wanted } from "./matcher.ts";
import type { RiderValues } from "./rider-values.ts";
import type { SearchResult } from "./search-places.ts";

/** Returns what a search has shown, as lines, without the values themselves. */
export function formatSearch(result: SearchResult, leftOut: RiderValues["left"]): string[] {
  const { left, kept, notSearched } = result;
  const strays = listPlaces(left, "rider id").join(", ");
  return [
    ...formatOutcome(result, leftOut),
    ...(["rider id", "payment method id", "gateway token"] as const).flatMap((what) => {
      const places = listPlaces(kept, what);
      return places.length === 0 ? [] : [`Kept the ${what}: ${places.join(", ")}.`];
    }),
    ...(strays === "" ? [] : [`Warning: docs/riders-data.md lists no rider id in ${strays}.`]),
    ...leftOut.map(({ wanted, why }) => `Not searched for: the ${wanted.what}, which ${why}.`),
    ...notSearched.map((place) => `Not searched: ${place}.`),
  ];
}

function formatOutcome(
  { values, searched, left }: SearchResult,
  leftOut: RiderValues["left"],
): string[] {
  const personal = values.filter(({ what }) => what !== "rider id");
  if (personal.length === 0 && leftOut.length === 0) {
    return ["Searched for the rider id alone: nothing else is stored any more."];
  }
  if (personal.length === 0 || searched.length === 0) return [];
  const failures = listFailures(left);
  const where = `Searched ${join(searched)} for ${describeValues(personal)}`;
  return failures.length === 0 ? [`${where}: nothing is left.`] : [`${where}. Found:`, ...failures];
}

/** Returns what a search has shown, as JSON, without the values themselves. */
export function toSearchJson(
  { searched, notSearched, left, kept }: SearchResult,
  leftOut: RiderValues["left"],
): object {
  return {
    searched,
    notSearched,
    notSearchedFor: leftOut.map(({ wanted, why }) => ({ what: wanted.what, why })),
    found: toPlaces(left),
    kept: toPlaces(kept),
  };
}

function toPlaces(hits: readonly Hit[]): object[] {
  return hits.map(({ place, wanted }) => ({ what: wanted.what, place }));
}

/** Returns what is left of a rider, as lines. The id alone is nobody's. */
export function listFailures(left: readonly Hit[]): string[] {
  return left
    .filter(({ wanted }) => wanted.what !== "rider id")
    .map(({ place, wanted }) => `the ${wanted.what} in ${place}`);
}

function listPlaces(hits: readonly Hit[], what: Wanted["what"]): string[] {
  const places = hits.filter(({ wanted }) => wanted.what === what).map(({ place }) => place);
  return [...new Set(places)].toSorted();
}

function describeValues(values: readonly Wanted[]): string {
  const counts = Map.groupBy(values, ({ what }) => what);
  return join(
    [...counts].map(([what, { length }]) => (length === 1 ? `the ${what}` : `${length} ${what}s`)),
  );
}

function join(parts: readonly string[]): string {
  return new Intl.ListFormat("en-GB", { type: "conjunction" }).format(parts);
}
