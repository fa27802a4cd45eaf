// What the processes that read and write payloads of Temporal agree on. Workflow code cannot import it.
import { type CodecKeys, parseCodecKeys } from "@fanfare/saga/codec";
import { defineRotatingVariable } from "@fanfare/service";
import { type DataConverter, defaultPayloadConverter } from "@temporalio/common";
import { z } from "zod";

/** The keys that encrypt the payloads of the trips' workflows. */
export const payloadVariables = {
  codecKeys: defineRotatingVariable<CodecKeys | undefined>(
    "TEMPORAL_CODEC_KEYS",
    z.string().transform(parseKeys).optional(),
    {
      about:
        "Keys that encrypt the payloads of Temporal. TEMPORAL_CODEC_KEYS_FILE names their file.",
      example: '{"encryptWith": "<id>", "keys": {"<id>": "<32 bytes in base64>"}}',
      secret: true,
    },
  ),
};

/**
 * A data converter that reads no payload: each is null. For lists of workflows, which have to work while the
 * key of one of them is missing.
 */
export const unreadPayloads: DataConverter = {
  payloadCodecs: [
    {
      encode: (payloads) => Promise.resolve(payloads),
      decode: (payloads) =>
        Promise.resolve(payloads.map(() => defaultPayloadConverter.toPayload(null))),
    },
  ],
};

/** Throws its error instead of reporting it to the schema, so that it is shown: it contains no key. */
function parseKeys(text: string): CodecKeys {
  try {
    return parseCodecKeys(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : "they are invalid";
    throw new Error(`the keys of TEMPORAL_CODEC_KEYS are invalid: ${reason}`, { cause });
  }
}
