import type { NewRecord } from "../broker.ts";

/** Returns the size of a record in bytes: its payload, and each header as `name: value\r\n`. */
export function measureRecord({ headers, data }: NewRecord): number {
  let bytes = data.byteLength;
  for (const name in headers) bytes += name.length + (headers[name]?.length ?? 0) + 4;
  return bytes;
}
