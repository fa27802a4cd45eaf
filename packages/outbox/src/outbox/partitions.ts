/** The number of partitions of an outbox. A relay locks whole partitions. */
export const partitionCount = 16;
