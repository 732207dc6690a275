import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { relative, resolve, sep } from 'node:path';
import type pg from 'pg';
import { fillIn } from './fill-in.ts';
import { sqlIdentifier } from './sql-identifier.ts';

export interface FunctionFile {
  /** Path below the folder that was read, with `/`, e.g. `payments/create-payment/create-payment.sql`. */
  readonly name: string;
  /** What is run: the file with its names filled in. */
  readonly sql: string;
  /** SHA-256 of `sql` in hex. */
  readonly hash: string;
}

export interface FunctionFolder {
  readonly root: string;
  /** Folders below `root` that hold something else, e.g. migrations. */
  readonly without: readonly string[];
  readonly names: Readonly<Record<string, string>>;
}

/**
 * The `.sql` files below a folder, by name. Throws where a file could be applied only once (`CREATE FUNCTION` without
 * `OR REPLACE`), and where two files define functions of one name: which of them holds would be left to chance.
 */
export function readFunctionFiles({ root, without, names }: FunctionFolder): readonly FunctionFile[] {
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.sql'))
    .map((path) => resolve(root, path))
    .filter((path) => !without.some((folder) => path.startsWith(`${resolve(folder)}${sep}`)))
    .map((path) => functionFile(relative(root, path).replaceAll(sep, '/'), readFileSync(path, 'utf8'), names))
    .sort((one, other) => (one.name < other.name ? -1 : 1));
  eachFunctionOnce(files);
  return files;
}

function functionFile(name: string, text: string, names: Readonly<Record<string, string>>): FunctionFile {
  if (/^CREATE\s+FUNCTION\b/im.test(text))
    throw new Error(
      `function file ${name} says CREATE FUNCTION, which works only once: say CREATE OR REPLACE FUNCTION`,
    );
  const sql = fillIn(text, names, `function file ${name}`);
  return { name, sql, hash: createHash('sha256').update(sql).digest('hex') };
}

function eachFunctionOnce(files: readonly FunctionFile[]): void {
  const places = new Map<string, string>();
  for (const file of files) {
    for (const name of functionsOf(file)) {
      const other = places.get(name) ?? file.name;
      if (other !== file.name) throw new Error(`the function ${name} stands in both ${other} and ${file.name}`);
      places.set(name, file.name);
    }
  }
}

function functionsOf(file: FunctionFile): readonly string[] {
  return [...file.sql.matchAll(/^CREATE\s+OR\s+REPLACE\s+FUNCTION\s+(\w+)/gim)].map((match) => match[1] ?? '');
}

/**
 * Brings a schema's functions to what the files say: in one transaction, each file whose hash is not the one that was
 * applied last. Returns the names of those. The caller holds the lock that keeps others from doing the same.
 *
 * The order of the files means nothing, because bodies are checked when all of them are there. What stands in no file
 * any more stays: a program of the release before may call it.
 */
export async function applyFunctionFiles(
  client: pg.Client,
  place: { readonly schema: string; readonly owner: string },
  files: readonly FunctionFile[],
): Promise<readonly string[]> {
  await client.query('BEGIN');
  try {
    await client.query(`SET LOCAL ROLE ${sqlIdentifier(place.owner)}`);
    await client.query(`SET LOCAL search_path TO ${sqlIdentifier(place.schema)}`);
    const changed = await changedFiles(client, files);
    await client.query('SET LOCAL check_function_bodies TO off');
    for (const file of changed) await applyFile(client, file);
    await client.query('SET LOCAL check_function_bodies TO on');
    if (changed.length > 0) await checkBodies(client, place.schema, files);
    await client.query('COMMIT');
    return changed.map((file) => file.name);
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  }
}

async function changedFiles(client: pg.Client, files: readonly FunctionFile[]): Promise<readonly FunctionFile[]> {
  await client.query(
    `CREATE TABLE IF NOT EXISTS function_file (
       name text PRIMARY KEY, hash text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())`,
  );
  // A file that goes and comes back is applied again: another one may have defined its functions meanwhile.
  await client.query('DELETE FROM function_file WHERE name <> ALL ($1)', [files.map((file) => file.name)]);
  const { rows } = await client.query<{ name: string; hash: string }>('SELECT name, hash FROM function_file');
  const applied = new Map(rows.map((row) => [row.name, row.hash]));
  return files.filter((file) => applied.get(file.name) !== file.hash);
}

async function applyFile(client: pg.Client, file: FunctionFile): Promise<void> {
  await client.query(file.sql).catch(failing(`function file ${file.name} failed`));
  await client.query(
    `INSERT INTO function_file (name, hash) VALUES ($1, $2)
     ON CONFLICT (name) DO UPDATE SET hash = excluded.hash, applied_at = excluded.applied_at`,
    [file.name, file.hash],
  );
}

/** Checks what CREATE FUNCTION would have checked: SQL against tables and functions, PL/pgSQL for its syntax. */
async function checkBodies(client: pg.Client, schema: string, files: readonly FunctionFile[]): Promise<void> {
  const { rows } = await client.query<{ oid: number; signature: string; validator: string }>(
    `SELECT p.oid, p.oid::regprocedure::text AS signature, l.lanvalidator::regproc::text AS validator
       FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
      WHERE p.pronamespace = to_regnamespace($1) AND p.proname = ANY ($2) AND l.lanvalidator <> 0`,
    [schema, files.flatMap(functionsOf)],
  );
  // One by one: the error of a validator does not name the function.
  for (const { oid, signature, validator } of rows)
    await client
      .query(`SELECT ${validator}($1)`, [oid])
      .catch(failing(`function ${signature} does not fit the schema`));
}

function failing(what: string): (error: unknown) => never {
  return (error) => {
    throw new Error(`${what}: ${error instanceof Error ? error.message : 'unknown error'}`, { cause: error });
  };
}
