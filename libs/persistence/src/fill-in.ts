import { sqlIdentifier } from './sql-identifier.ts';

/** Replaces each `{{name}}` of a file by the identifier given for it; `file` is what an error says. */
export function fillIn(sql: string, names: Readonly<Record<string, string>>, file: string): string {
  return sql.replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) => {
    const value = names[name];
    if (value === undefined) throw new Error(`${file} asks for {{${name}}}, which nobody gave`);
    return sqlIdentifier(value);
  });
}
