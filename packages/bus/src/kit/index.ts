// What the bus, its brokers and the outbox share. Internal: it may change in any release.

export { checkRecordSize, type RecordLimit } from "../publish/check-record-size.ts";
export { type Backoff, createBackoff } from "./backoff.ts";
export { brandClass } from "./brand-class.ts";
export { checkAtLeast } from "./check-at-least.ts";
export { checkGroup } from "./check-group.ts";
export { maxTimerMs } from "./clock.ts";
export { type ContextRunner, createContextRunner } from "./context-runner.ts";
export { createDeferred, type Deferred } from "./deferred.ts";
export { describeReason } from "./describe-reason.ts";
export { listCauses } from "./list-causes.ts";
export { notify } from "./notify.ts";
export { pause } from "./pause.ts";
export { type SettlesWithinOptions, settlesWithin } from "./settles-within.ts";
