import type { z } from "zod";
import { decodePageToken, encodePageToken } from "./page-token.ts";

/** The paging fields of a list request, as AIP-158 names them. */
export interface PageRequest {
  /** The most items that the caller wants; 0 for the default. */
  readonly pageSize: number;
  /** The `next_page_token` of the page before; empty for the first page. */
  readonly pageToken: string;
}

/** How a list is read, and where its pages begin. */
export interface PageSource<Item, Position> {
  /** Validates a position from a page token, which is untrusted input. */
  readonly position: z.ZodType<Position>;
  /** Returns up to `limit` items that follow `after`; all from the start when it is undefined. */
  readonly fetch: (range: {
    readonly after: Position | undefined;
    readonly limit: number;
  }) => Promise<readonly Item[]>;
  /** Returns the position of an item, as a JSON value. */
  readonly toPosition: (item: Item) => unknown;
  /** The page size when the request names none. Default: 20. */
  readonly defaultPageSize?: number;
}

/** One page of a list. */
export interface Page<Item> {
  readonly items: readonly Item[];
  /** The token of the page that follows; empty on the last page. */
  readonly nextPageToken: string;
}

/**
 * Returns the requested page of a list. Throws a ConnectError `invalid_argument` for an
 * invalid page token.
 *
 * @example
 * import { z } from "zod";
 *
 * const { items, nextPageToken } = await paginate(request, {
 *   position: z.string(),
 *   fetch: ({ after = "", limit }) =>
 *     db.selectFrom("notes").selectAll().where("id", ">", after).orderBy("id").limit(limit).execute(),
 *   toPosition: (note) => note.id,
 * });
 */
export async function paginate<Item, Position>(
  { pageSize, pageToken }: PageRequest,
  { position, fetch, toPosition, defaultPageSize = 20 }: PageSource<Item, Position>,
): Promise<Page<Item>> {
  const size = pageSize || defaultPageSize;
  const after = decodePageToken(pageToken, position);
  // One item more than the page holds shows whether another page follows.
  const found = await fetch({ after, limit: size + 1 });
  const items = found.slice(0, size);
  const last = found.length > size ? items.at(-1) : undefined;
  return { items, nextPageToken: last === undefined ? "" : encodePageToken(toPosition(last)) };
}
