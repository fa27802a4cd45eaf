import type { DataConverter, Payload } from "@temporalio/common";

/**
 * Encodes the payloads of a history as JSON with a data converter. Search attributes and the data of the
 * SDK stay as they are.
 */
export async function encryptHistory(
  history: unknown,
  { payloadCodecs = [] }: DataConverter,
): Promise<unknown> {
  const [codec] = payloadCodecs;
  const convert = async (value: unknown): Promise<unknown> => {
    if (Array.isArray(value)) return await Promise.all(value.map(convert));
    if (!isRecord(value)) return value;
    if (isPayload(value)) return toJson((await codec?.encode([toPayload(value)]))?.[0]);
    const fields = Object.entries(value).map(async ([name, field]) => [
      name,
      isPlain(name, field) ? field : await convert(field),
    ]);
    return Object.fromEntries(await Promise.all(fields));
  };
  return await convert(history);
}

/** Markers have results of local activities, and data of the SDK about itself, which no codec converts. */
function isPlain(name: string, field: unknown): boolean {
  return name === "searchAttributes" || (/^(patch-)?data$/.test(name) && isRecord(field));
}

interface PayloadJson {
  readonly metadata: Readonly<Record<string, string>>;
  readonly data?: string;
}

function isPayload(value: object): value is PayloadJson {
  return "metadata" in value && isRecord(value.metadata) && "encoding" in value.metadata;
}

function toPayload({ metadata, data = "" }: PayloadJson): Payload {
  const fields = Object.entries(metadata).map(([name, text]) => [
    name,
    Buffer.from(text, "base64"),
  ]);
  return { metadata: Object.fromEntries(fields), data: Buffer.from(data, "base64") };
}

function toJson(payload: Payload | undefined): PayloadJson {
  const fields = Object.entries(payload?.metadata ?? {}).map(([name, bytes]) => [
    name,
    toBase64(bytes),
  ]);
  return {
    metadata: Object.fromEntries(fields),
    data: toBase64(payload?.data ?? new Uint8Array()),
  };
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
