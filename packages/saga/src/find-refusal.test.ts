import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  ChildWorkflowFailure,
  NexusOperationFailure,
  RetryState,
  TerminatedFailure,
  TimeoutFailure,
} from "@temporalio/common";
import { describe, expect, it } from "vitest";
import { findRefusal } from "./find-refusal.ts";

type Wrap = (cause: Error) => Error;

const activity: Wrap = (cause) =>
  new ActivityFailure("Activity task failed", "book", "1", RetryState.TIMEOUT, "w", cause);
const child: Wrap = (cause) =>
  new ChildWorkflowFailure("default", { workflowId: "1" }, "book", RetryState.TIMEOUT, cause);
const nexus: Wrap = (cause) => new NexusOperationFailure("failed", 5, "e", "s", "o", "t", cause);
const handler: Wrap = (cause) =>
  Object.assign(new Error("handler error", { cause }), { name: "HandlerError", type: "INTERNAL" });
const application: Wrap = (cause) =>
  ApplicationFailure.create({ message: "step failed", type: "Error", cause });
const connectUnknown: Wrap = (cause) =>
  ApplicationFailure.create({ message: "[unknown] step failed", type: "ConnectError", cause });
const plain: Wrap = (cause) => new Error("step failed", { cause });
const wrappers: Record<string, Wrap> = {
  activity,
  child,
  nexus,
  handler,
  application,
  connectUnknown,
  plain,
};

const pairs = Object.keys(wrappers).flatMap((outer) =>
  Object.keys(wrappers).map((inner) => [outer, inner] as const),
);
const wrapBy = (names: readonly string[], failure: Error) =>
  names.reduceRight((cause, name) => wrappers[name]?.(cause) ?? cause, failure);

const message = "no seat";
const withDetails = (...details: unknown[]) =>
  ApplicationFailure.create({ message, type: "Refused", nonRetryable: false, details });

/** The forms in which a code reaches a workflow. */
const forms: Record<string, (code: string, number: number) => Error> = {
  "a type": (code) => ApplicationFailure.nonRetryable(message, code),
  "a type of a retryable failure": (code) => ApplicationFailure.retryable(message, code),
  "a detail": (code) => withDetails(code),
  "a property of a detail": (code) => withDetails({ at: 1 }, { code }),
  "a number in a detail": (_, code) => withDetails({ code }),
  "a converted ConnectError": (code) =>
    ApplicationFailure.retryable(`[${code}] ${message}`, "ConnectError"),
  "a ConnectError": (code) =>
    Object.assign(new Error(`[${code}] ${message}`), { name: "ConnectError" }),
};
const refusing = { invalid_argument: 3, not_found: 5, already_exists: 6, permission_denied: 7 };
const alsoRefusing = { failed_precondition: 9, out_of_range: 11 };
const refusals = Object.entries({ ...refusing, ...alsoRefusing });
const others = Object.entries({
  canceled: 1,
  deadline_exceeded: 4,
  resource_exhausted: 8,
  aborted: 10,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  data_loss: 15,
  unauthenticated: 16,
});

describe("which failures", () => {
  it.each(pairs)("a refusal is found through %s and %s", (...names) => {
    for (const form of Object.values(forms)) {
      const failure = wrapBy(names, form("failed_precondition", 9));
      expect(findRefusal(failure)).toEqual({ code: "failed_precondition", message });
    }
  });

  it.each(Object.keys(forms))("codes decide, whether refusal or not, as %s", (name) => {
    const create = forms[name];
    for (const [code, number] of refusals) {
      expect(findRefusal(create && activity(create(code, number)))).toEqual({ code, message });
    }
    for (const [code, number] of others) {
      expect(findRefusal(create && activity(create(code, number)))).toBeUndefined();
    }
  });

  it.each([
    ["a timeout", (cause: Error) => new TimeoutFailure("x", cause, "START_TO_CLOSE")],
    ["a cancellation", (cause: Error) => new CancelledFailure("x", [], cause)],
    ["a termination", (cause: Error) => new TerminatedFailure("x", cause)],
  ])("%s is no refusal, in any wrapper", (_, interrupt) => {
    const refusal = ApplicationFailure.nonRetryable(message, "failed_precondition");
    const interrupted = Object.assign(interrupt(refusal), { cause: refusal });
    expect(findRefusal(interrupted)).toBeUndefined();
    for (const wrap of Object.values(wrappers)) {
      expect(findRefusal(wrap(interrupted))).toBeUndefined();
    }
  });

  it("the outermost code decides", () => {
    const refusal = ApplicationFailure.nonRetryable(message, "failed_precondition");
    const outage = ApplicationFailure.create({ type: "unavailable", cause: refusal });
    expect(findRefusal(activity(outage))).toBeUndefined();
    const unavailable = ApplicationFailure.retryable("away", "unavailable");
    const refused = ApplicationFailure.create({ message, type: "not_found", cause: unavailable });
    expect(findRefusal(refused)?.code).toBe("not_found");
  });

  it("a non-retryable failure without a code is a refusal", () => {
    const declined = ApplicationFailure.nonRetryable("declined", "CardDeclined");
    const expected = { code: "CardDeclined", message: "declined" };
    expect(findRefusal(nexus(handler(child(declined))))).toEqual(expected);
    expect(findRefusal(ApplicationFailure.nonRetryable("declined"))?.message).toBe("declined");
    expect(findRefusal(ApplicationFailure.retryable("again", "Busy"))).toBeUndefined();
  });

  it.each([
    ["BAD_REQUEST", "invalid_argument"],
    ["NOT_FOUND", "not_found"],
    ["CONFLICT", "already_exists"],
    ["UNAUTHORIZED", "permission_denied"],
    ["UNAVAILABLE", undefined],
    ["INTERNAL", undefined],
  ])("the type of a Nexus handler's error decides: %s", (type, code) => {
    const error = Object.assign(new Error(message), { name: "HandlerError", type });
    expect(findRefusal(nexus(error))?.code).toBe(code);
  });

  it("a predicate replaces the rules", () => {
    const failure = child(activity(ApplicationFailure.retryable("busy", "Busy")));
    expect(findRefusal(failure, ({ type }) => type === "Busy")?.code).toBe("Busy");
    const refusal = ApplicationFailure.nonRetryable(message, "not_found");
    expect(findRefusal(refusal, () => false)).toBeUndefined();
  });

  it("a loop and a very long chain of causes end", () => {
    const loop = new Error("loop");
    loop.cause = new Error("back", { cause: loop });
    expect(findRefusal(loop)).toBeUndefined();
    const deep = Array.from({ length: 20 }).reduce<Error>(
      (cause) => application(cause),
      ApplicationFailure.nonRetryable(message, "not_found"),
    );
    expect(findRefusal(deep)?.code).toBe("not_found");
    const endless = Array.from({ length: 10_000 }).reduce<Error>(plain, new Error("deep"));
    expect(findRefusal(endless)).toBeUndefined();
  });

  it.each([undefined, null, "odd", 7, {}])("%j is no refusal", (value) => {
    expect(findRefusal(value)).toBeUndefined();
  });
});
