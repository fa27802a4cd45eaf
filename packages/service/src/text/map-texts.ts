import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { ScalarType } from "@bufbuild/protobuf";
import type { ReflectMessage } from "@bufbuild/protobuf/reflect";
import { isReflectMessage, reflect } from "@bufbuild/protobuf/reflect";

/** Receives a text of a message and the path of its field, such as `refusal.message`. Returns the new text. */
export type MapText = (text: string, path: string) => string;

/**
 * Replaces every text of a message and of the messages in it, in place: those of fields, lists and values of
 * maps. The keys of maps are passed to `map` as well, and stay as they are.
 */
export function mapTexts<D extends DescMessage>(
  schema: D,
  message: MessageShape<D>,
  map: MapText,
): void {
  mapMessage(reflect(schema, message), "", map);
}

function mapMessage(message: ReflectMessage, parent: string, map: MapText): void {
  for (const field of message.fields) {
    if (!message.isSet(field)) continue;
    const path = parent === "" ? field.name : `${parent}.${field.name}`;
    const mapValue = (value: unknown, set: (text: string) => void): void => {
      if (isReflectMessage(value)) mapMessage(value, path, map);
      if (typeof value !== "string") return;
      const text = map(value, path);
      if (text !== value) set(text);
    };
    if (field.fieldKind === "list") {
      const list = message.get(field);
      for (const [index, item] of [...list].entries()) {
        mapValue(item, (text) => list.set(index, text));
      }
    } else if (field.fieldKind === "map") {
      const entries = message.get(field);
      for (const [key, value] of entries) {
        if (typeof key === "string") map(key, path);
        mapValue(value, (text) => entries.set(key, text));
      }
    } else if (field.fieldKind === "message" || isText(field)) {
      mapValue(message.get(field), (text) => message.set(field, text));
    }
  }
}

function isText(field: ReflectMessage["fields"][number]): boolean {
  return field.fieldKind === "scalar" && field.scalar === ScalarType.STRING;
}
