import { randomBytes } from 'node:crypto';
import { open, readFile, rename, rm } from 'node:fs/promises';
import type { z } from 'zod';
import { PlainFailure } from '../terminal/plain-failure.ts';
import { systemErrorCode } from '../terminal/system-error-code.ts';

/** Reads a JSON file of ours; undefined when it is absent, a PlainFailure with the remedy when it cannot be understood. */
export async function readJsonFile<S extends z.ZodType>(
  path: string,
  schema: S,
  remedy: string,
): Promise<z.output<S> | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
  const parsed = schema.safeParse(parseOrUndefined(text));
  if (parsed.success) return parsed.data;
  throw new PlainFailure(`The file ${path} is broken: ${remedy}.`, { cause: parsed.error });
}

function parseOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Replaces a file as a whole, readable by its owner only: a reader sees the old contents or the new, never a half. */
export async function writeJsonFile(path: string, value: unknown): Promise<void> {
  const beside = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  try {
    const file = await open(beside, 'wx', 0o600);
    try {
      await file.writeFile(`${JSON.stringify(value, null, 2)}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, path);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
}
