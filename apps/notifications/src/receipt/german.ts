import type { Texts } from "./texts.ts";

/** The texts of receipts in German. */
export const german: Texts = {
  subject: (total) => `Beleg über Ihre Fahrt: ${total}`,
  correctedSubject: (total) => `Korrigierter Beleg über Ihre Fahrt: ${total}`,
  title: (number) => `Beleg ${number}`,
  thanks: "Vielen Dank für Ihre Fahrt mit Fanfare.",
  corrects: (first) => `Dieser Beleg korrigiert den Beleg ${first}.`,
  vehicle: "Fahrzeug",
  start: "Beginn",
  end: "Ende",
  timeZone: "Zeitzone",
  duration: "Dauer",
  trip: "Fahrt",
  unlockFee: "Freischaltgebühr",
  drive: "Fahrt",
  seconds: {
    one: ({ count, price }) => `Fahrt: ${count} angefangene Sekunde zu ${price}`,
    other: ({ count, price }) => `Fahrt: ${count} angefangene Sekunden zu je ${price}`,
  },
  minutes: {
    one: ({ count, price }) => `Fahrt: ${count} angefangene Minute zu ${price}`,
    other: ({ count, price }) => `Fahrt: ${count} angefangene Minuten zu je ${price}`,
  },
  hours: {
    one: ({ count, price }) => `Fahrt: ${count} angefangene Stunde zu ${price}`,
    other: ({ count, price }) => `Fahrt: ${count} angefangene Stunden zu je ${price}`,
  },
  periods: {
    one: ({ count, price, increment }) =>
      `Fahrt: ${count} angefangener Zeitraum von ${increment} zu ${price}`,
    other: ({ count, price, increment }) =>
      `Fahrt: ${count} angefangene Zeiträume von ${increment} zu je ${price}`,
  },
  adjustment: "Anpassung",
  charged: "Für Ihre Fahrt berechnet",
  refund: (date) => `Erstattung vom ${date}`,
  total: "Gesamtbetrag",
  totalAfterRefunds: "Gesamtbetrag nach Erstattung",
};
