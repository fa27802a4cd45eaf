import type { ChosenLanguage } from "./choose-language.ts";
import { formatDuration } from "./format-duration.ts";
import { formatMoney } from "./format-money.ts";
import type { DriveCharge } from "./receipt-items.ts";
import type { Counted, Texts } from "./texts.ts";

/** Formats what the fare of a drive consists of: 12 started minutes at €0.30 each. */
export function formatDrive(charge: DriveCharge | undefined, language: ChosenLanguage): string {
  const { texts, locale } = language;
  if (charge === undefined) return texts.drive;
  const { count, incrementMs, price } = charge;
  const counted = chooseText(incrementMs, texts);
  const isOne = new Intl.PluralRules(locale).select(Number(count)) === "one";
  return (isOne ? counted.one : counted.other)({
    count: new Intl.NumberFormat(locale).format(count),
    price: formatMoney(price, locale),
    increment: formatDuration(incrementMs, locale),
  });
}

function chooseText(incrementMs: number, texts: Texts): Counted {
  if (incrementMs === 1_000) return texts.seconds;
  if (incrementMs === 60_000) return texts.minutes;
  return incrementMs === 3_600_000 ? texts.hours : texts.periods;
}
