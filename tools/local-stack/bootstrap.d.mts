/** What the specs of bootstrap.mjs see of it. */
export declare class Refusal extends Error {}
export declare function isAtLeast(version: string, least: number[]): boolean;
export declare function sentenceOfLog(log: string, root: string): string | undefined;
export declare function installedMatches(lockText: string, installedText: string): boolean;
export declare function sourceStamp(root: string): string;
