import { systemErrorCode } from './system-error-code.ts';
/**
 * A failure that is told to a person as one sentence saying what to do. Everything else that is thrown is a defect and
 * keeps its stack.
 */
export class PlainFailure extends Error {
  override readonly name = 'PlainFailure';
}

/** Turns what the operating system refused into a sentence; undefined for anything that is not such a refusal. */
export function sentenceOfSystemError(error: unknown, path: string): string | undefined {
  switch (systemErrorCode(error)) {
    case 'ENOSPC':
    case 'EDQUOT':
      return `The disk is full at ${path}: free some space and run the command again.`;
    case 'EACCES':
    case 'EPERM':
      return `No permission to write in ${path}: give this user the right to write there, or run as the user who owns it.`;
    case 'EROFS':
      return `The file system of ${path} is read-only: clone the repository to a place that can be written.`;
    case 'ENOTDIR':
    case 'EISDIR':
    case 'EEXIST':
      return `${path} cannot be used because a file and a folder are mixed up there: remove it and run the command again.`;
    default:
      return undefined;
  }
}

/** Runs `work` on `path`; refusals of the operating system come out as a PlainFailure. */
export async function withPlainFailures<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const sentence = sentenceOfSystemError(error, path);
    if (sentence === undefined) throw error;
    throw new PlainFailure(sentence, { cause: error });
  }
}
