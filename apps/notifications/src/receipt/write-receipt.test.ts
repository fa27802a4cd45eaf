import { describe, expect, it } from "vitest";
import type { ReceiptTrip } from "./receipt-items.ts";
import { writeReceipt } from "./write-receipt.ts";

const tripId = "7f2cbb0c-8f0e-4b8e-9d0c-3f1f6a3c0b11";
const euros = (minorUnits: bigint) => ({ minorUnits, currency: "EUR" });
const trip: ReceiptTrip = {
  vehicleId: "vehicle-1",
  startedAt: new Date("2026-11-21T10:00:00Z"),
  endedAt: new Date("2026-11-21T10:11:20Z"),
  unlockFee: euros(100n),
  fare: euros(360n),
  charge: { count: 12n, incrementMs: 60_000, price: euros(30n) },
  settled: euros(460n),
};
const english = { locale: "en-GB", timeZone: "Europe/Berlin" };
const german = { locale: "de", timeZone: "Europe/Berlin" };

/** Writes a receipt with plain spaces, where Intl has those that do not break. */
function write(
  region: typeof english,
  charged: Parameters<typeof writeReceipt>[0]["charged"],
  ...refunds: Parameters<typeof writeReceipt>[0]["refunds"]
) {
  const { subject, text } = writeReceipt({ tripId, charged, refunds }, region);
  return `${subject}\n---\n${text}`.replaceAll(/[\u00a0\u202f]/g, " ");
}

describe("writeReceipt()", () => {
  it("writes the receipt of a trip in English", () => {
    expect(write(english, trip)).toBe(`Receipt for your trip: €4.60
---
Receipt 7f2cbb0c-8f0e-4b8e-9d0c-3f1f6a3c0b11-1

Thank you for driving with Fanfare.

Vehicle:   vehicle-1
Start:     21 November 2026 at 11:00
End:       21 November 2026 at 11:11
Time zone: Europe/Berlin
Duration:  11 minutes, 20 seconds
Trip:      7f2cbb0c-8f0e-4b8e-9d0c-3f1f6a3c0b11

Unlock fee                               €1.00
Drive: 12 started minutes at €0.30 each  €3.60
Total                                    €4.60
`);
  });

  it("writes the receipt of a trip in German", () => {
    expect(write(german, trip)).toBe(`Beleg über Ihre Fahrt: 4,60 €
---
Beleg 7f2cbb0c-8f0e-4b8e-9d0c-3f1f6a3c0b11-1

Vielen Dank für Ihre Fahrt mit Fanfare.

Fahrzeug: vehicle-1
Beginn:   21. November 2026 um 11:00
Ende:     21. November 2026 um 11:11
Zeitzone: Europe/Berlin
Dauer:    11 Minuten, 20 Sekunden
Fahrt:    7f2cbb0c-8f0e-4b8e-9d0c-3f1f6a3c0b11

Freischaltgebühr                            1,00 €
Fahrt: 12 angefangene Minuten zu je 0,30 €  3,60 €
Gesamtbetrag                                4,60 €
`);
  });

  it("writes the corrected receipt of a trip that is refunded in parts, the last at night", () => {
    const part = { refundedAt: new Date("2026-11-25T10:00:00Z"), refunded: euros(300n) };
    const rest = { refundedAt: new Date("2026-11-25T23:30:00Z"), refunded: euros(160n) };
    expect(write(english, trip, part)).toBe(`Corrected receipt for your trip: €1.60
---
Receipt 7f2cbb0c-8f0e-4b8e-9d0c-3f1f6a3c0b11-2

This receipt corrects receipt 7f2cbb0c-8f0e-4b8e-9d0c-3f1f6a3c0b11-1.

Vehicle:   vehicle-1
Start:     21 November 2026 at 11:00
End:       21 November 2026 at 11:11
Time zone: Europe/Berlin
Duration:  11 minutes, 20 seconds
Trip:      7f2cbb0c-8f0e-4b8e-9d0c-3f1f6a3c0b11

Unlock fee                                €1.00
Drive: 12 started minutes at €0.30 each   €3.60
Refund of 25 November 2026               -€3.00
Total after refunds                       €1.60
`);
    expect(write(german, trip, part, rest)).toBe(`Korrigierter Beleg über Ihre Fahrt: 0,00 €
---
Beleg 7f2cbb0c-8f0e-4b8e-9d0c-3f1f6a3c0b11-3

Dieser Beleg korrigiert den Beleg 7f2cbb0c-8f0e-4b8e-9d0c-3f1f6a3c0b11-1.

Fahrzeug: vehicle-1
Beginn:   21. November 2026 um 11:00
Ende:     21. November 2026 um 11:11
Zeitzone: Europe/Berlin
Dauer:    11 Minuten, 20 Sekunden
Fahrt:    7f2cbb0c-8f0e-4b8e-9d0c-3f1f6a3c0b11

Freischaltgebühr                             1,00 €
Fahrt: 12 angefangene Minuten zu je 0,30 €   3,60 €
Erstattung vom 25. November 2026            -3,00 €
Erstattung vom 26. November 2026            -1,60 €
Gesamtbetrag nach Erstattung                 0,00 €
`);
  });

  it("corrects a receipt whose lines are not stored", () => {
    const refund = { refundedAt: new Date("2026-11-25T10:00:00Z"), refunded: euros(460n) };
    expect(write(german, euros(460n), refund)).toBe(`Korrigierter Beleg über Ihre Fahrt: 0,00 €
---
Beleg 7f2cbb0c-8f0e-4b8e-9d0c-3f1f6a3c0b11-2

Dieser Beleg korrigiert den Beleg 7f2cbb0c-8f0e-4b8e-9d0c-3f1f6a3c0b11-1.

Fahrt: 7f2cbb0c-8f0e-4b8e-9d0c-3f1f6a3c0b11

Für Ihre Fahrt berechnet           4,60 €
Erstattung vom 25. November 2026  -4,60 €
Gesamtbetrag nach Erstattung       0,00 €
`);
  });

  it("writes a drive over the end of summer time, with offsets", () => {
    const night = {
      ...trip,
      startedAt: new Date("2026-10-25T00:50:00Z"),
      endedAt: new Date("2026-10-25T01:01:20Z"),
    };
    expect(write(english, night)).toContain(`
Start:     25 October 2026 at 02:50 (UTC+02:00)
End:       25 October 2026 at 02:01 (UTC+01:00)
Time zone: Europe/Berlin
Duration:  11 minutes, 20 seconds
`);
  });

  it("writes a drive over the start of summer time, with offsets", () => {
    const night = {
      ...trip,
      startedAt: new Date("2026-03-29T00:50:00Z"),
      endedAt: new Date("2026-03-29T01:01:20Z"),
    };
    expect(write(german, night)).toContain(`
Beginn:   29. März 2026 um 01:50 (UTC+01:00)
Ende:     29. März 2026 um 03:01 (UTC+02:00)
Zeitzone: Europe/Berlin
Dauer:    11 Minuten, 20 Sekunden
`);
  });

  it("writes a drive over midnight in Kathmandu", () => {
    const night = {
      ...trip,
      startedAt: new Date("2026-11-21T18:10:00Z"),
      endedAt: new Date("2026-11-21T18:21:20Z"),
    };
    expect(write({ locale: "en", timeZone: "Asia/Kathmandu" }, night)).toContain(`
Start:     November 21, 2026 at 11:55 PM
End:       November 22, 2026 at 12:06 AM
Time zone: Asia/Kathmandu
`);
  });

  it.each([
    ["the capture", 0n, "-4,60 €", "0,00 €"],
    ["the fare", 100n, "-3,60 €", "1,00 €"],
    ["a part of the fare", 400n, "-0,60 €", "4,00 €"],
  ])("has an adjustment when an operator settled %s by hand", (_, settled, adjustment, total) => {
    expect(write(german, { ...trip, settled: euros(settled) })).toContain(`
Freischaltgebühr                             1,00 €
Fahrt: 12 angefangene Minuten zu je 0,30 €   3,60 €
Anpassung                                   ${adjustment}
Gesamtbetrag                                 ${total}
`);
  });

  it.each([
    [1n, 60_000, "Drive: 1 started minute at €0.30", "Fahrt: 1 angefangene Minute zu 0,30 €"],
    [
      1200n,
      1_000,
      "Drive: 1,200 started seconds at €0.30 each",
      "Fahrt: 1.200 angefangene Sekunden zu je 0,30 €",
    ],
    [
      3n,
      3_600_000,
      "Drive: 3 started hours at €0.30 each",
      "Fahrt: 3 angefangene Stunden zu je 0,30 €",
    ],
    [
      2n,
      900_000,
      "Drive: 2 started periods of 15 minutes at €0.30 each",
      "Fahrt: 2 angefangene Zeiträume von 15 Minuten zu je 0,30 €",
    ],
    [
      1n,
      1_500,
      "Drive: 1 started period of 1 second, 500 milliseconds at €0.30",
      "Fahrt: 1 angefangener Zeitraum von 1 Sekunde, 500 Millisekunden zu 0,30 €",
    ],
    [
      0n,
      60_000,
      "Drive: 0 started minutes at €0.30 each",
      "Fahrt: 0 angefangene Minuten zu je 0,30 €",
    ],
  ])("counts %d increments of %d ms", (count, incrementMs, inEnglish, inGerman) => {
    const charge = { count, incrementMs, price: euros(30n) };
    expect(write(english, { ...trip, charge })).toContain(`\n${inEnglish}  `);
    expect(write(german, { ...trip, charge })).toContain(`\n${inGerman}  `);
  });

  it("has the fare alone where its increments are unknown", () => {
    const { charge: _, ...unknown } = trip;
    expect(write(english, unknown)).toContain("\nDrive       €3.60\n");
  });

  it.each([
    ["2026-11-21T10:00:00Z", "0 seconds"],
    ["2026-11-21T10:00:41.200Z", "42 seconds"],
    ["2026-11-21T12:05:00Z", "2 hours, 5 minutes"],
    ["2026-11-22T11:00:01Z", "25 hours, 1 second"],
  ])("gives a drive until %s the duration %s", (endedAt, duration) => {
    const text = write(english, { ...trip, endedAt: new Date(endedAt) });
    expect(text).toContain(`\nDuration:  ${duration}\n`);
  });

  it("shows no character that changes how others are shown", () => {
    const text = write(english, { ...trip, vehicleId: "car\u001b[2J\u202e" });
    expect(text).toContain(String.raw`Vehicle:   car\u001b[2J\u202e`);
  });
});
