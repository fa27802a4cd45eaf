import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import type { DataConverter } from "@temporalio/common";
import type { CodecKeys } from "./codec-keys.ts";
import { createPayloadCodec } from "./payload-codec.ts";

/**
 * The path of the failure converter that a workflow bundle needs, beside client and worker: without it, the
 * messages of failures that workflow code throws stay plain.
 *
 *     bundleWorkflowCode({ workflowsPath, failureConverterPath })
 */
export const failureConverterPath: string = fileURLToPath(
  // The source has .ts files, the published package .js files.
  new URL(`failure-converter${extname(new URL(import.meta.url).pathname)}`, import.meta.url),
);

/**
 * Creates the data converter of a client or worker whose payloads are encrypted, the messages and stack
 * traces of failures included. `keys` is called for each batch of payloads, so the keys may change.
 *
 * Without keys at the start, payloads and messages stay plain, and a payload that is encrypted all the same
 * is refused with an error that names its key.
 *
 * @example
 * import { Client } from "@temporalio/client";
 * import { Worker } from "@temporalio/worker";
 *
 * const dataConverter = createDataConverter(() => keys);
 * const client = new Client({ dataConverter });
 * const worker = await Worker.create({ dataConverter, workflowsPath: "workflow.ts", taskQueue: "concerts" });
 */
export function createDataConverter(keys: () => CodecKeys | undefined): DataConverter {
  const payloadCodecs = [createPayloadCodec(keys)];
  return keys() === undefined ? { payloadCodecs } : { payloadCodecs, failureConverterPath };
}
