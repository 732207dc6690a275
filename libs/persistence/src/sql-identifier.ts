/** A name as it stands in SQL; names that need more than quotes are refused, so that none can carry SQL of its own. */
export function sqlIdentifier(name: string): string {
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(name)) throw new Error(`"${name}" is not a plain identifier`);
  return `"${name}"`;
}
