export { addCodecKey, type CodecKey, type CodecKeys, parseCodecKeys } from "./codec-keys.ts";
export { createDataConverter, failureConverterPath } from "./data-converter.ts";
export { createPayloadCodec } from "./payload-codec.ts";
