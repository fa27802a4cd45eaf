export declare function requireWritable(folder: string, advice: string): void;
