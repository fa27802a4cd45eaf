import { escapeText } from "@fanfare/service";
import type { Region } from "../regions.ts";
import { type ChosenLanguage, chooseLanguage } from "./choose-language.ts";
import { formatDrive } from "./format-drive.ts";
import { formatDuration } from "./format-duration.ts";
import { type Amount, formatMoney } from "./format-money.ts";
import { formatDay, formatPeriod } from "./format-time.ts";
import {
  listItems,
  type ReceiptItem,
  type ReceiptRefund,
  type ReceiptTrip,
} from "./receipt-items.ts";

/** What a receipt is about. */
export interface ReceiptContent {
  readonly tripId: string;
  /** The trip, or the captured amount where the event of the trip is not stored. */
  readonly charged: ReceiptTrip | Amount;
  /** The refunds so far, in their order. The first receipt of a trip has none, the next has one. */
  readonly refunds: readonly ReceiptRefund[];
}

/** A receipt as the rider reads it. */
export interface ReceiptText {
  readonly subject: string;
  readonly text: string;
}

/**
 * Writes a receipt in the rider's language, format of amounts, and time zone. Its lines sum to its total. The
 * receipt of a trip is its number 1, and the refunds of the trip follow in their order.
 */
export function writeReceipt(content: ReceiptContent, { locale, timeZone }: Region): ReceiptText {
  const { tripId, charged, refunds } = content;
  const language = chooseLanguage(locale);
  const { texts } = language;
  const { items, total } = listItems(charged, refunds);
  const isFirst = refunds.length === 0;
  const amounts = items.map(
    (item): Line => [
      writeItem(item, language, timeZone),
      formatMoney(item.amount, language.locale),
    ],
  );
  const sum = formatMoney(total, language.locale);
  const details = "settled" in charged ? writeTrip(charged, language, timeZone) : [];
  const text = [
    texts.title(`${tripId}-${refunds.length + 1}`),
    "",
    isFirst ? texts.thanks : texts.corrects(`${tripId}-1`),
    "",
    ...alignStart([...details, [texts.trip, escapeText(tripId)]]),
    "",
    ...alignEnd([...amounts, [isFirst ? texts.total : texts.totalAfterRefunds, sum]]),
    "",
  ].join("\n");
  return { subject: isFirst ? texts.subject(sum) : texts.correctedSubject(sum), text };
}

type Line = readonly [label: string, value: string];

function writeTrip(trip: ReceiptTrip, language: ChosenLanguage, timeZone: string): Line[] {
  const { texts, locale } = language;
  const { startedAt, endedAt, vehicleId } = trip;
  const [start, end] = formatPeriod(startedAt, endedAt, { locale, timeZone });
  // A started second counts, as a started increment does.
  const seconds = Math.ceil(Math.max(0, endedAt.getTime() - startedAt.getTime()) / 1_000);
  return [
    [texts.vehicle, escapeText(vehicleId)],
    [texts.start, start],
    [texts.end, end],
    [texts.timeZone, timeZone],
    [texts.duration, formatDuration(seconds * 1_000, locale)],
  ];
}

function writeItem(item: ReceiptItem, language: ChosenLanguage, timeZone: string): string {
  const { texts, locale } = language;
  if (item.kind === "drive") return formatDrive(item.charge, language);
  if (item.kind !== "refund") return texts[item.kind];
  return texts.refund(formatDay(item.refundedAt, { locale, timeZone }));
}

/** Writes the values below each other, from their first character on. */
function alignStart(lines: readonly Line[]): string[] {
  const width = Math.max(...lines.map(([label]) => label.length)) + 2;
  return lines.map(([label, value]) => `${label}:`.padEnd(width) + value);
}

/** Writes the values below each other, up to their last character. */
function alignEnd(lines: readonly Line[]): string[] {
  const labels = Math.max(...lines.map(([label]) => label.length));
  const values = Math.max(...lines.map(([, value]) => value.length));
  return lines.map(([label, value]) => `${label.padEnd(labels)}  ${value.padStart(values)}`);
}
