import type { RecordLoss } from "../broker.ts";
import { BusError } from "../error.ts";
import { notify } from "../kit/notify.ts";
import type { DeliveryContext } from "./delivery-context.ts";

/** Counts lost events, records `data_loss` as the last error, and calls `onDataLoss`. */
export function reportLoss(
  { topic, count }: RecordLoss,
  { group, settings, status, lost, runClean }: DeliveryContext,
): void {
  lost.total += count;
  const message = `${count} events of ${topic} were removed before group ${group} had processed them: keep events for longer, or let the group catch up`;
  status.recordError(new BusError("data_loss", message));
  runClean(() => notify(settings.onDataLoss, [{ group, topic, count }], status.recordError));
}
