/** The texts of receipts in one language. A language without one of them does not compile. */
export interface Texts {
  /** The subject of the first receipt of a trip. */
  readonly subject: (total: string) => string;
  /** The subject of a receipt that follows a refund. */
  readonly correctedSubject: (total: string) => string;
  readonly title: (number: string) => string;
  readonly thanks: string;
  /** Names the first receipt in those that follow it. */
  readonly corrects: (first: string) => string;
  readonly vehicle: string;
  readonly start: string;
  readonly end: string;
  readonly timeZone: string;
  readonly duration: string;
  readonly trip: string;
  readonly unlockFee: string;
  /** A drive whose increments are unknown. */
  readonly drive: string;
  /** A drive of increments of a second, of a minute, of an hour, and of any other length. */
  readonly seconds: Counted;
  readonly minutes: Counted;
  readonly hours: Counted;
  readonly periods: Counted;
  /** What an operator settled by hand. */
  readonly adjustment: string;
  /** What the first receipt charged, where its lines are unknown. */
  readonly charged: string;
  readonly refund: (date: string) => string;
  readonly total: string;
  readonly totalAfterRefunds: string;
}

/** A text for one started increment, and one for any other number of them. */
export interface Counted {
  readonly one: (drive: DriveText) => string;
  readonly other: (drive: DriveText) => string;
}

/** The values of a drive, in the format of the rider. */
export interface DriveText {
  readonly count: string;
  /** The price of one increment. */
  readonly price: string;
  /** The length of one increment. */
  readonly increment: string;
}
