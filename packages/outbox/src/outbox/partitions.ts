/** The class of the advisory locks that order the writers of a key: "FOut" in ASCII. */
export const writerLock = 0x464f7574;

/** The class of the advisory locks that a relay holds on its partitions: "FRel" in ASCII. */
export const relayLock = 0x4652656c;

/** The number of partitions of an outbox. A relay locks whole partitions. */
export const partitionCount = 16;
