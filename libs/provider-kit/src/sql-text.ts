import { readFileSync } from 'node:fs';

/** A statement of this kit: one file each, in `sql/`. */
export function sqlText(name: string): string {
  return readFileSync(new URL(`./sql/${name}.sql`, import.meta.url), 'utf8');
}
