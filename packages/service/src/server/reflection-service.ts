import type { DescFile, DescService, MessageInitShape } from "@bufbuild/protobuf";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import {
  ServerReflection,
  type ServerReflectionRequest,
  ServerReflectionRequestSchema,
  type ServerReflectionResponse,
  ServerReflectionResponseSchema,
} from "../gen/grpc/reflection/v1/reflection_pb.ts";
import {
  ServerReflectionRequestSchema as AlphaRequestSchema,
  ServerReflectionResponseSchema as AlphaResponseSchema,
  ServerReflection as AlphaServerReflection,
} from "../gen/grpc/reflection/v1alpha/reflection_pb.ts";
import { collectFiles } from "./collect-files.ts";
import { indexDescriptors } from "./descriptor-index.ts";
import type { Routes } from "./routes.ts";

type Answer = NonNullable<
  MessageInitShape<typeof ServerReflectionResponseSchema>["messageResponse"]
>;

/**
 * Creates the routes of `grpc.reflection.v1` and `v1alpha`, with which grpcurl and buf curl find the
 * services of a server. They describe the services given and themselves.
 */
export function createReflectionRoutes(routed: readonly DescService[]): Routes {
  const services = [...routed, ServerReflection, AlphaServerReflection];
  const index = indexDescriptors(collectFiles(services.map(({ file }) => file)));

  function answer({ messageRequest: { case: name, value } }: ServerReflectionRequest): Answer {
    switch (name) {
      case "listServices": {
        const service = services.map(({ typeName }) => ({ name: typeName }));
        return { case: "listServicesResponse", value: { service } };
      }
      case "fileByFilename":
        return sendFile(index.findByName(value), value);
      case "fileContainingSymbol":
        return sendFile(index.findBySymbol(value), value);
      case "fileContainingExtension": {
        const { containingType, extensionNumber } = value;
        const file = index.findByExtension(containingType, extensionNumber);
        return sendFile(file, `${containingType}, extension ${extensionNumber}`);
      }
      case "allExtensionNumbersOfType": {
        const extensionNumber = index.listExtensions(value);
        if (extensionNumber === undefined) return refuse(Code.NotFound, `unknown type ${value}`);
        const numbers = { baseTypeName: value, extensionNumber: [...extensionNumber] };
        return { case: "allExtensionNumbersResponse", value: numbers };
      }
      case undefined:
      default:
        return refuse(Code.InvalidArgument, "expected a request for services, files or extensions");
    }
  }
  function respond(request: ServerReflectionRequest): ServerReflectionResponse {
    return create(ServerReflectionResponseSchema, {
      validHost: request.host,
      originalRequest: request,
      messageResponse: answer(request),
    });
  }
  return (router) => {
    router.service(ServerReflection, {
      async *serverReflectionInfo(requests) {
        for await (const request of requests) yield respond(request);
      },
    });
    // Both versions have the same messages.
    router.service(AlphaServerReflection, {
      async *serverReflectionInfo(requests) {
        for await (const request of requests) {
          const bytes = toBinary(AlphaRequestSchema, request);
          const response = respond(fromBinary(ServerReflectionRequestSchema, bytes));
          yield fromBinary(AlphaResponseSchema, toBinary(ServerReflectionResponseSchema, response));
        }
      },
    });
  };
}

/** Returns a file with all its imports, or `not_found`. */
function sendFile(file: DescFile | undefined, name: string): Answer {
  if (file === undefined) return refuse(Code.NotFound, `this server does not have ${name}`);
  const files = [...collectFiles([file]).values()];
  return {
    case: "fileDescriptorResponse",
    value: {
      fileDescriptorProto: files.map(({ proto }) => toBinary(FileDescriptorProtoSchema, proto)),
    },
  };
}

function refuse(errorCode: Code, errorMessage: string): Answer {
  return { case: "errorResponse", value: { errorCode, errorMessage } };
}
