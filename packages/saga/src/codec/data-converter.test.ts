import { ApplicationFailure, defaultPayloadConverter } from "@temporalio/common";
import { loadDataConverter } from "@temporalio/common/lib/internal-non-workflow/index.js";
import { describe, expect, it } from "vitest";
import { addCodecKey, parseCodecKeys } from "./codec-keys.ts";
import { createDataConverter } from "./data-converter.ts";
import { PayloadKeyError } from "./payload-key-error.ts";

const keys = parseCodecKeys(addCodecKey());
const { failureConverter } = loadDataConverter(createDataConverter(() => keys));
const toFailure = (error: unknown) =>
  failureConverter.errorToFailure(error, defaultPayloadConverter);
const toError = (failure: ReturnType<typeof toFailure>) =>
  failureConverter.failureToError(failure, defaultPayloadConverter);

describe("createDataConverter()", () => {
  it("leaves no message and no stack trace of a failure and its causes outside of payloads", () => {
    const cause = new Error("card of rider-1 declined");
    const failure = toFailure(ApplicationFailure.create({ message: "rider-1 refused", cause }));
    const withoutPayloads = JSON.stringify(failure, (key, value: unknown) =>
      key === "encodedAttributes" ? undefined : value,
    );
    expect(withoutPayloads).not.toContain("rider-1");
    expect(toError(failure).message).toBe("rider-1 refused");
    expect(toError(failure).cause).toMatchObject({ message: "card of rider-1 declined" });
  });

  it("keeps the message of a received failure that is sent twice", () => {
    const received = toError(toFailure(ApplicationFailure.nonRetryable("the card was declined")));
    toFailure(received);
    expect(toError(toFailure(received)).message).toBe("the card was declined");
  });

  it("leaves the message about a missing key plain, for a task and for an activity", () => {
    const error = new PayloadKeyError('expected the key "a"');
    const message = `arguments of charge: ${error.message}`;
    expect(toFailure(error).message).toBe('expected the key "a"');
    expect(toFailure(ApplicationFailure.fromError(error, { message })).message).toBe(message);
  });

  it("leaves messages plain without keys", () => {
    expect(createDataConverter(() => undefined).failureConverterPath).toBeUndefined();
  });
});
