import { caseInsensitive, parseJsonExact } from '@tolem/egress';
import type { z } from 'zod';

/** Reads a Data object the way an answer is read: exact JSON, then names in lower case, then the schema. */
export function readData<T>(schema: z.ZodType<T>, json: string): T | 'unreadable' {
  const parsed = parseJsonExact(json);
  if (!parsed.ok) throw new Error('the test’s own JSON is broken');
  const result = schema.safeParse(caseInsensitive(parsed.value));
  return result.success ? result.data : 'unreadable';
}
