// Faults of publishing, of what may be published, and of the stored form.
const core = "packages/bus";

export const publishMutants = [
  {
    name: "hide publishes that keep failing",
    package: core,
    file: "src/publish/watch-appends.ts",
    find: "    if (ownFailures.has(error.code)) return;",
    replace: "    if (error.retryable) return;",
  },
  {
    name: "report publishes as failing after a success",
    package: core,
    file: "src/publish/watch-appends.ts",
    find: "      () => failures.delete(topic),",
    replace: "      () => {},",
  },
  {
    name: "lose the attributes of CloudEvents",
    package: core,
    file: "src/wire/attributes.ts",
    find: "    if (!name.startsWith(prefix) || ownHeaders.has(name)) continue;",
    replace: "    if (name.startsWith(prefix)) continue;",
  },
  {
    name: "read one content type alone",
    package: core,
    file: "src/wire/envelope.ts",
    find: "/^application\\/(?:x-)?protobuf$/i.test(essence.trim())",
    replace: "essence === contentType",
  },
  {
    name: "accept ids with control characters",
    package: core,
    file: "src/wire/check-portable.ts",
    find: "fits && !control.test(given) &&",
    replace: "fits &&",
  },
  {
    name: "accept ids that begin or end with spaces",
    package: core,
    file: "src/wire/check-portable.ts",
    find: " && given.trim() === given) return",
    replace: ") return",
  },
  {
    name: "accept keys of any length",
    package: core,
    file: "src/wire/check-portable.ts",
    find: "if (isShort && isStorable(given))",
    replace: "if (isStorable(given))",
  },
  {
    name: "accept headers of any size",
    package: core,
    file: "src/wire/check-portable.ts",
    find: "if (bytes <= maxHeaderBytes) return;",
    replace: "if (bytes <= Infinity) return;",
  },
  {
    name: "assign the id after the interceptors",
    package: core,
    file: "src/publish/intercept-publish.ts",
    find: "const fixed = { id: given.id ?? id, time",
    replace: "const fixed = { id: options.id ?? crypto.randomUUID(), time",
  },
  {
    name: "reserve no space for the headers of a dead letter",
    package: core,
    file: "src/publish/check-record-size.ts",
    find: "const maxBytes = maxRecordBytes - deadLetterOverheadBytes;",
    replace: "const maxBytes = maxRecordBytes;",
  },
  {
    name: "publish truncated encoded messages",
    package: core,
    file: "src/publish/publish-methods.ts",
    find: "    checkEncodedMessage(topic.schema, encoded);\n",
    replace: "",
  },
  {
    name: "publish encoded messages without their key",
    package: core,
    file: "src/publish/publish-methods.ts",
    find: "createRecord(topic, encoded, createEncodeOptions",
    replace: "createRecord(topic, { ...encoded, key: undefined }, createEncodeOptions",
  },
];
