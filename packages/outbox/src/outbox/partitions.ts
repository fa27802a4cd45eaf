/** Classes of the advisory locks that the outbox takes: "FOut" and "FRel" in ASCII. */
export const writerLock = 0x464f7574;
export const relayLock = 0x4652656c;

/** How many partitions the events of an outbox are spread over; a relay takes whole partitions. */
export const partitionCount = 16;
