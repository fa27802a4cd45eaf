import { searchAttributes } from "@fanfare/trip-contract";
import { defineSearchAttributeKey, SearchAttributeType } from "@temporalio/common";
import { upsertSearchAttributes } from "@temporalio/workflow";

const keys = {
  status: defineSearchAttributeKey(searchAttributes.status, SearchAttributeType.KEYWORD),
  attention: defineSearchAttributeKey(searchAttributes.attention, SearchAttributeType.KEYWORD),
  delayed: defineSearchAttributeKey(searchAttributes.delayed, SearchAttributeType.KEYWORD),
};

/** markTrip sets a search attribute of this trip's workflow, or unsets it when there is no value. */
export function markTrip(mark: keyof typeof keys, value: string | undefined): void {
  upsertSearchAttributes([{ key: keys[mark], value: value ?? null }]);
}
