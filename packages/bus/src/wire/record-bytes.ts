import type { NewRecord } from "../broker.ts";

/** recordBytes is the size of a record: its payload, and each header as `name: value\r\n`. */
export function recordBytes({ headers, data }: NewRecord): number {
  let bytes = data.byteLength;
  for (const name in headers) bytes += name.length + (headers[name]?.length ?? 0) + 4;
  return bytes;
}
