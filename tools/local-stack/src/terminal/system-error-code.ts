/**
 * The code of a refusal by the operating system (`ENOENT`), whatever class the error is of: Node's own errors are no
 * instances of a test environment's Error.
 */
export function systemErrorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
