import { fromBinary, type MessageInitShape } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { Code, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { describe, expect, it } from "vitest";
import { type Echo, startEcho } from "../../test/echo.ts";
import {
  ServerReflection,
  type ServerReflectionRequestSchema,
  type ServerReflectionResponse,
} from "../gen/grpc/reflection/v1/reflection_pb.ts";
import { ServerReflection as AlphaServerReflection } from "../gen/grpc/reflection/v1alpha/reflection_pb.ts";

type Request = NonNullable<
  MessageInitShape<typeof ServerReflectionRequestSchema>["messageRequest"]
>;
type Answer = ServerReflectionResponse["messageResponse"];

const echoFile = "fanfare/echo/v1/echo.proto";

/** Sends requests in one stream and returns their answers. */
async function ask({ server }: Echo, ...requests: Request[]): Promise<Answer[]> {
  const client = createClient(ServerReflection, createGrpcTransport({ baseUrl: server.url }));
  const answers: Answer[] = [];
  async function* send() {
    for (const messageRequest of requests) yield { host: "here", messageRequest };
  }
  for await (const response of client.serverReflectionInfo(send())) {
    expect(response.validHost).toBe("here");
    expect(response.originalRequest?.messageRequest).toMatchObject(requests[answers.length] ?? {});
    answers.push(response.messageResponse);
  }
  return answers;
}

async function* askForEchoFile() {
  yield { messageRequest: { case: "fileByFilename" as const, value: echoFile } };
}

function readFileNames(answer: Answer | undefined): string[] {
  if (answer?.case !== "fileDescriptorResponse") return [];
  return answer.value.fileDescriptorProto.map(
    (bytes) => fromBinary(FileDescriptorProtoSchema, bytes).name,
  );
}

describe("grpc.reflection", () => {
  it("lists the services of the server without a token", async () => {
    await using echo = await startEcho({}, { reflection: true });
    const [answer] = await ask(echo, { case: "listServices", value: "*" });
    expect(answer).toMatchObject({
      case: "listServicesResponse",
      value: {
        service: [
          { name: "fanfare.echo.v1.EchoService" },
          { name: "grpc.reflection.v1.ServerReflection" },
          { name: "grpc.reflection.v1alpha.ServerReflection" },
        ],
      },
    });
  });

  it.each<Request>([
    { case: "fileByFilename", value: echoFile },
    { case: "fileContainingSymbol", value: "fanfare.echo.v1.EchoService" },
    { case: "fileContainingSymbol", value: "fanfare.echo.v1.EchoService.Say" },
    { case: "fileContainingSymbol", value: "fanfare.echo.v1.SayRequest" },
    { case: "fileContainingSymbol", value: "fanfare.echo.v1.SayRequest.text" },
  ])("sends a file and its imports for %o", async (request) => {
    await using echo = await startEcho({}, { reflection: true });
    const [answer] = await ask(echo, request);
    expect(readFileNames(answer)[0]).toBe(echoFile);
    expect(readFileNames(answer)).toContain("buf/validate/validate.proto");
    expect(readFileNames(answer)).toContain("google/protobuf/descriptor.proto");
  });

  it("finds values of enums, nested types and extensions", async () => {
    await using echo = await startEcho({}, { reflection: true });
    const answers = await ask(
      echo,
      { case: "fileContainingSymbol", value: "buf.validate.IGNORE_ALWAYS" },
      { case: "fileContainingSymbol", value: "buf.validate.field" },
      {
        case: "fileContainingExtension",
        value: { containingType: "google.protobuf.FieldOptions", extensionNumber: 1159 },
      },
    );
    expect(answers.map((answer) => readFileNames(answer)[0])).toEqual([
      "buf/validate/validate.proto",
      "buf/validate/validate.proto",
      "buf/validate/validate.proto",
    ]);
    const [ofOptions, ofRequest] = await ask(
      echo,
      { case: "allExtensionNumbersOfType", value: "google.protobuf.FieldOptions" },
      { case: "allExtensionNumbersOfType", value: "fanfare.echo.v1.SayRequest" },
    );
    expect(ofOptions?.value).toMatchObject({ extensionNumber: expect.arrayContaining([1159]) });
    expect(ofRequest?.value).toMatchObject({ extensionNumber: [] });
  });

  it("answers what it does not have with an error, and goes on", async () => {
    await using echo = await startEcho({}, { reflection: true });
    const unknown = await ask(
      echo,
      { case: "fileByFilename", value: "x.proto" },
      { case: "fileContainingSymbol", value: "x.Y" },
      {
        case: "fileContainingExtension",
        value: { containingType: "fanfare.echo.v1.SayRequest", extensionNumber: 7 },
      },
      { case: "allExtensionNumbersOfType", value: "x.Y" },
    );
    expect(unknown).toHaveLength(4);
    for (const answer of unknown) {
      expect(answer).toMatchObject({ case: "errorResponse", value: { errorCode: Code.NotFound } });
    }
  });

  it("answers clients of v1alpha", async () => {
    await using echo = await startEcho({}, { reflection: true });
    const transport = createGrpcTransport({ baseUrl: echo.server.url });
    const client = createClient(AlphaServerReflection, transport);
    const responses = client.serverReflectionInfo(askForEchoFile());
    for await (const { messageResponse, originalRequest } of responses) {
      expect(originalRequest?.messageRequest.value).toBe(echoFile);
      expect(messageResponse.case).toBe("fileDescriptorResponse");
    }
  });

  it("is unimplemented unless it is on", async () => {
    await using echo = await startEcho();
    await expect(ask(echo, { case: "listServices", value: "" })).rejects.toMatchObject({
      code: Code.Unimplemented,
    });
  });
});
