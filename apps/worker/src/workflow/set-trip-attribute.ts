import { searchAttributes } from "@fanfare/trip-contract";
import { defineSearchAttributeKey, SearchAttributeType } from "@temporalio/common";
import { upsertSearchAttributes } from "@temporalio/workflow";

const keys = {
  status: defineSearchAttributeKey(searchAttributes.status, SearchAttributeType.KEYWORD),
  attention: defineSearchAttributeKey(searchAttributes.attention, SearchAttributeType.KEYWORD),
  delayed: defineSearchAttributeKey(searchAttributes.delayed, SearchAttributeType.KEYWORD),
};

/** Sets a search attribute of the trip's workflow, or removes it when the value is undefined. */
export function setTripAttribute(attribute: keyof typeof keys, value: string | undefined): void {
  upsertSearchAttributes([{ key: keys[attribute], value: value ?? null }]);
}
