import { create, createRegistry } from "@bufbuild/protobuf";
import { type Any, anyUnpack } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import {
  ConformancePayload_RequestInfoSchema,
  type Error as ErrorDefinition,
  type Header,
  HeaderSchema,
} from "./gen/connectrpc/conformance/v1/service_pb.ts";

const details = createRegistry(ConformancePayload_RequestInfoSchema);

/** Adds the headers of a test case. */
export function appendHeaders(headers: Headers, added: readonly Header[] = []): void {
  for (const { name, value } of added) for (const one of value) headers.append(name, one);
}

/** Returns headers as a test case describes them. */
export function listHeaders(headers: Headers): Header[] {
  return [...headers].map(([name, value]) => create(HeaderSchema, { name, value: [value] }));
}

/** Creates the error that a test case describes. */
export function createError(definition: ErrorDefinition, added: readonly Any[]): ConnectError {
  const code = Object.values(Code).find((value) => String(value) === String(definition.code));
  return new ConnectError(
    definition.message ?? "",
    typeof code === "number" ? code : Code.Unknown,
    undefined,
    [...definition.details, ...added].map((detail) => {
      const value = anyUnpack(detail, details);
      if (value === undefined) throw new Error(`unknown error detail ${detail.typeUrl}`);
      return { desc: ConformancePayload_RequestInfoSchema, value };
    }),
  );
}
