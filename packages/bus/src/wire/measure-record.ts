import type { NewRecord } from "../broker.ts";
import { measureHeaders } from "./check-portable.ts";

/** Returns the size of a record in bytes: its payload, and each header as `name: value\r\n`. */
export function measureRecord({ headers, data }: Pick<NewRecord, "headers" | "data">): number {
  return data.byteLength + measureHeaders(headers);
}
