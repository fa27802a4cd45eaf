import { DefaultFailureConverter, defaultFailureConverter } from "@temporalio/common";
import { isPayloadKeyError } from "./payload-key-error.ts";

type Convert<Method extends "errorToFailure" | "errorToFailureInner"> =
  DefaultFailureConverter[Method];

/** A converter that leaves no text of an error outside of what a payload codec encrypts. */
class EncodingFailureConverter extends DefaultFailureConverter {
  constructor() {
    super({ encodeCommonAttributes: true });
  }

  /** Leaves the message about a missing key plain: who lacks the key has to read it. */
  override errorToFailure(
    ...input: Parameters<Convert<"errorToFailure">>
  ): ReturnType<Convert<"errorToFailure">> {
    if (isPayloadKeyError(input[0])) return defaultFailureConverter.errorToFailure(...input);
    return super.errorToFailure(...input);
  }

  /** Copies the failure of a received error, whose message would otherwise be lost when it is sent twice. */
  override errorToFailureInner(
    ...input: Parameters<Convert<"errorToFailureInner">>
  ): ReturnType<Convert<"errorToFailureInner">> {
    return { ...super.errorToFailureInner(...input) };
  }
}

/** Encodes messages and stack traces as payloads, for Temporal's client, worker and workflow bundle. */
export const failureConverter: DefaultFailureConverter = new EncodingFailureConverter();
