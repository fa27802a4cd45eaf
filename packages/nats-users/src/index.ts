export { adoptStreams } from "./adopt-streams.ts";
export { createNatsSecrets } from "./create-nats-secrets.ts";
export { locateAccounts, locateSeed } from "./nats-files.ts";
export { type RotationOptions, rotateNatsSecrets } from "./rotate-nats-secrets.ts";
