import type { Payload } from "@temporalio/common";
import { z } from "zod";

const bytes = z.base64().nullish();
const schema = z.object({
  payloads: z
    .array(z.object({ metadata: z.record(z.string(), z.base64()).nullish(), data: bytes }))
    .nullish(),
});

/**
 * Converts the payloads of a request to the codec server, JSON whose bytes are in base64. Throws a
 * SyntaxError for a body that has another form, and whatever `convert` throws.
 */
export async function convertPayloads(
  body: string,
  convert: (payloads: Payload[]) => Promise<Payload[]>,
): Promise<string> {
  const { payloads } = parse(body);
  const converted = await convert((payloads ?? []).map(toPayload));
  return JSON.stringify({ payloads: converted.map(toJson) });
}

function parse(body: string): z.infer<typeof schema> {
  try {
    return schema.parse(JSON.parse(body));
  } catch (cause) {
    throw new SyntaxError(
      'expected {"payloads": [{"metadata": {"encoding": "<base64>"}, "data": "<base64>"}]}, got another body',
      { cause },
    );
  }
}

type PayloadJson = NonNullable<z.infer<typeof schema>["payloads"]>[number];

function toPayload({ metadata, data }: PayloadJson): Payload {
  const fields = Object.entries(metadata ?? {}).map(([name, text]) => [
    name,
    Buffer.from(text, "base64"),
  ]);
  return { metadata: Object.fromEntries(fields), data: Buffer.from(data ?? "", "base64") };
}

function toJson({ metadata, data }: Payload): PayloadJson {
  const fields = Object.entries(metadata ?? {}).map(([name, value]) => [name, toBase64(value)]);
  return { metadata: Object.fromEntries(fields), data: toBase64(data ?? new Uint8Array()) };
}

function toBase64(value: Uint8Array): string {
  return Buffer.from(value).toString("base64");
}
