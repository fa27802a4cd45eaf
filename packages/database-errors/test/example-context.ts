// What the @examples of this package use without importing it.
interface Order {
  readonly id: string;
}

export declare const db: {
  insertInto(table: string): { values(row: Order): { execute(): Promise<unknown> } };
};
export declare const error: unknown;
export declare const order: Order;
export declare const retryLater: (order: Order) => void;
