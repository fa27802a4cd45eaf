// What the examples in doc comments use without declaring it. They are compiled, never run.
export declare const servers: string;
