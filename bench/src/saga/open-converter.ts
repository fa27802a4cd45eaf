import { readFileSync } from "node:fs";
import { createDataConverter, parseCodecKeys } from "@fanfare/saga/codec";
import type { DataConverter } from "@temporalio/common";

/** Opens the data converter of a key file, which is read for each batch, as the apps read theirs. */
export function openConverter(keyFile: string): DataConverter {
  return createDataConverter(() => parseCodecKeys(readFileSync(keyFile, "utf8")));
}
