export interface FailedStart {
  kind: 'disk_full' | 'port_taken' | 'shared_memory' | 'permission' | 'other';
  /** The server's own last word, without time and process id. */
  detail: string;
}

const PATTERNS: readonly (readonly [RegExp, FailedStart['kind']])[] = [
  [/No space left on device|Disk quota exceeded/i, 'disk_full'],
  [/could not bind|Address already in use|could not create any TCP\/IP sockets/i, 'port_taken'],
  [/pre-existing shared memory block/i, 'shared_memory'],
  [/Permission denied|has wrong ownership|has invalid permissions/i, 'permission'],
];

/** Why a server ended before it served, read from what it wrote (messages are in the C locale, so in English). */
export function reasonInLog(text: string): FailedStart {
  const lines = text.split('\n').map((line) => line.trim());
  const serious = lines.filter((line) => /\b(FATAL|PANIC|error):/.test(line));
  const last = serious.at(-1) ?? lines.findLast((line) => line !== '') ?? 'it said nothing';
  const detail = last.replace(/^.*?\b(?:FATAL|PANIC|error):\s*/, '');
  const kind = PATTERNS.find(([pattern]) => pattern.test(text))?.[1] ?? 'other';
  return { kind, detail };
}
