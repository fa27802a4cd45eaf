import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import type { Payload, PayloadCodec } from "@temporalio/common";
import proto from "@temporalio/proto";
import type { CodecKey, CodecKeys } from "./codec-keys.ts";
import { PayloadKeyError } from "./payload-key-error.ts";

const { Payload: PayloadMessage } = proto.temporal.api.common.v1;

// The names that Temporal's samples use in every language. The data of an encrypted payload is the nonce,
// the ciphertext of the whole payload, and the authentication tag.
const algorithm = "aes-256-gcm";
const encoding = "binary/encrypted";
const keyIdField = "encryption-key-id";
const nonceBytes = 12;
const tagBytes = 16;

/**
 * Creates a codec that encrypts payloads with AES-256-GCM. Each payload carries the id of its key, and is
 * authenticated together with it. Payloads that are not encrypted are decoded as they are.
 *
 * `keys` is called for each batch of payloads, so the keys may change. Without keys, payloads are not
 * encrypted, and encrypted ones are refused. `decode` rejects with an error that names the key when that is
 * missing or another one: Temporal's worker fails the workflow task then, which Temporal retries.
 *
 * @example
 * import { readFileSync } from "node:fs";
 * import { Client } from "@temporalio/client";
 *
 * const codec = createPayloadCodec(() => parseCodecKeys(readFileSync("codec-keys.json", "utf8")));
 * const client = new Client({ dataConverter: { payloadCodecs: [codec] } });
 */
export function createPayloadCodec(keys: () => CodecKeys | undefined): PayloadCodec {
  return {
    async encode(payloads) {
      const key = keys()?.encryptWith;
      return key === undefined ? payloads : payloads.map((payload) => encrypt(payload, key));
    },
    async decode(payloads) {
      const encrypted = payloads.some(isEncrypted);
      if (!encrypted) return payloads;
      const known = keys();
      return payloads.map((one) => (isEncrypted(one) ? decrypt(one, known) : one));
    },
  };
}

function isEncrypted({ metadata }: Payload): boolean {
  return readText(metadata?.["encoding"]) === encoding;
}

function encrypt(payload: Payload, { id, key }: CodecKey): Payload {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv(algorithm, key, nonce).setAAD(Buffer.from(id));
  const plain = PayloadMessage.encode(payload).finish();
  const data = Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  return { metadata: { encoding: Buffer.from(encoding), [keyIdField]: Buffer.from(id) }, data };
}

function decrypt({ metadata, data }: Payload, keys: CodecKeys | undefined): Payload {
  const id = readText(metadata?.[keyIdField]);
  const key = keys?.byId.get(id);
  if (key === undefined) {
    throw new PayloadKeyError(
      `expected the key "${id}" to decrypt a payload, found ${listIds(keys)}: give this process a key file with it`,
    );
  }
  try {
    const bytes = Buffer.from(data ?? []);
    const end = bytes.length - tagBytes;
    const decipher = createDecipheriv(algorithm, key, bytes.subarray(0, nonceBytes), {
      authTagLength: tagBytes,
    });
    decipher.setAAD(Buffer.from(id)).setAuthTag(bytes.subarray(end));
    const plain = [decipher.update(bytes.subarray(nonceBytes, end)), decipher.final()];
    return PayloadMessage.decode(Buffer.concat(plain));
  } catch (cause) {
    throw new PayloadKeyError(
      `expected a payload that the key "${id}" decrypts, found one that it does not: restore the key with ` +
        "this id, unless the payload was changed",
      { cause },
    );
  }
}

function listIds(keys: CodecKeys | undefined): string {
  if (keys === undefined) return "no keys";
  const ids = [...keys.byId.keys()].map((id) => `"${id}"`);
  return ids.length === 0 ? "no keys" : `only ${ids.join(", ")}`;
}

function readText(bytes: Uint8Array | null | undefined): string {
  return Buffer.from(bytes ?? []).toString();
}
