/** The attributes that travel with a message: those of CloudEvents, and the publisher's headers. */
export interface Envelope {
  readonly id: string;
  readonly topic: string;
  /** Undefined when the event has no key. */
  readonly key: string | undefined;
  readonly time: Date;
  /** Who published the event: a URI reference such as `//trips.example.com`. */
  readonly source: string;
  /**
   * The other attributes of CloudEvents, such as `subject`, `dataschema` and extensions, also those of
   * publishers without this package.
   */
  readonly attributes: Readonly<Record<string, string>>;
  /** The publisher's own headers, decoded; names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

/** The version of CloudEvents that every record states in `ce-specversion`. */
export const specVersion = "1.0";

/** The encoding of payloads, stated in `ce-datacontenttype`. */
export const contentType = "application/protobuf";

/** Returns whether a content type is that of binary protobuf, in any case, with or without parameters. */
export function isProtobuf(type: string): boolean {
  if (type === contentType) return true;
  const [essence = ""] = type.split(";");
  return /^application\/(?:x-)?protobuf$/i.test(essence.trim());
}
