import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { DataSource, type MigrationInterface, type QueryRunner } from 'typeorm';
import { fillIn } from './fill-in.ts';
import { applyFunctionFiles, type FunctionFile, readFunctionFiles } from './function-files.ts';
import { sqlIdentifier } from './sql-identifier.ts';
import { statementLogger } from './statement-logger.ts';

/** Any number that only migrations use: two that start at once run one after the other. */
const MIGRATION_LOCK = 7_405_602_418;

export interface LoginRole {
  readonly name: string;
  readonly password: string;
}

export interface MigrationPlan {
  /** A role that may create roles and schemas; used by migrations only. */
  readonly adminUrl: string;
  readonly schema: string;
  /** Login roles that the service runs under; made where missing, their password and search path set. */
  readonly roles: readonly LoginRole[];
  /** The roles' search path where it is not `schema`: the vault is used by roles that live in another schema. */
  readonly searchPath?: string;
  /** Folders of `<13 digits>-<name>.sql`, merged by number. */
  readonly directories: readonly string[];
  /**
   * Folder whose other `.sql` files, at any depth, hold the schema's functions as they are now. They are applied after
   * the migrations, and again whenever a file changes.
   */
  readonly functionsUnder?: string;
  /** Replaces `{{name}}` in the SQL, e.g. the role that a grant goes to. Identifiers only. */
  readonly names?: Readonly<Record<string, string>>;
  readonly onApplied?: (name: string) => void;
}

/** Reads a login role out of a connection URL. */
export function roleOfUrl(url: string): LoginRole {
  const parsed = new URL(url);
  return { name: decodeURIComponent(parsed.username), password: decodeURIComponent(parsed.password) };
}

/**
 * Brings one schema to the newest version: hand-written SQL files, each in a transaction, then its functions together in
 * one, under one lock for the whole database. Returns the names of what was applied. The schema belongs to a role without
 * login, `tolem_<schema>_owner`, so that no running service owns a table and row-level security holds for all of them.
 */
export async function migrate(plan: MigrationPlan): Promise<readonly string[]> {
  const owner = `tolem_${plan.schema}_owner`;
  // Read first: a file that is wrong is found before anything in the database is touched.
  const migrations = readMigrations(plan);
  const functions = plan.functionsUnder === undefined ? undefined : readFunctions(plan, plan.functionsUnder);
  const admin = new pg.Client({ connectionString: plan.adminUrl });
  await admin.connect();
  try {
    await admin.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    await ensureRoles(admin, owner, plan);
    const migrated = await runMigrations(owner, plan, migrations);
    if (functions === undefined) return migrated;
    const replaced = await applyFunctionFiles(admin, { schema: plan.schema, owner }, functions);
    for (const name of replaced) plan.onApplied?.(name);
    return [...migrated, ...replaced];
  } finally {
    await admin.end();
  }
}

/** Tries of the roles' set-up: roles belong to the whole cluster, and another database's migration may touch them at the same moment. */
const ROLE_TRIES = 5;

async function ensureRoles(admin: pg.Client, owner: string, plan: MigrationPlan): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await admin.query('BEGIN');
      await setUpRoles(admin, owner, plan);
      await admin.query('COMMIT');
      return;
    } catch (error) {
      await admin.query('ROLLBACK');
      // 42710 and 23505: made by another at this moment; XX000 "tuple concurrently updated".
      const code = error instanceof pg.DatabaseError ? error.code : undefined;
      if (attempt === ROLE_TRIES || code === undefined || !['42710', '23505', 'XX000'].includes(code)) throw error;
    }
  }
}

async function setUpRoles(admin: pg.Client, owner: string, plan: MigrationPlan): Promise<void> {
  const { rows } = await admin.query<{ rolname: string }>('SELECT rolname FROM pg_roles WHERE rolname = ANY($1)', [
    [owner, ...plan.roles.map((role) => role.name)],
  ]);
  const known = new Set(rows.map((row) => row.rolname));
  if (!known.has(owner)) await admin.query(`CREATE ROLE ${sqlIdentifier(owner)} NOLOGIN`);
  await admin.query(`GRANT ${sqlIdentifier(owner)} TO CURRENT_USER`);
  await admin.query(`CREATE SCHEMA IF NOT EXISTS ${sqlIdentifier(plan.schema)} AUTHORIZATION ${sqlIdentifier(owner)}`);
  for (const role of plan.roles) {
    if (!known.has(role.name)) await admin.query(`CREATE ROLE ${sqlIdentifier(role.name)} LOGIN`);
    await admin.query(`ALTER ROLE ${sqlIdentifier(role.name)} PASSWORD ${literal(role.password)}`);
    await admin.query(
      `ALTER ROLE ${sqlIdentifier(role.name)} SET search_path TO ${sqlIdentifier(plan.searchPath ?? plan.schema)}`,
    );
    await admin.query(`GRANT USAGE ON SCHEMA ${sqlIdentifier(plan.schema)} TO ${sqlIdentifier(role.name)}`);
  }
}

type MigrationClass = new () => MigrationInterface;

async function runMigrations(
  owner: string,
  plan: MigrationPlan,
  migrations: MigrationClass[],
): Promise<readonly string[]> {
  const dataSource = new DataSource({
    type: 'postgres',
    url: plan.adminUrl,
    schema: plan.schema,
    applicationName: `tolem migrate ${plan.schema}`,
    installExtensions: false,
    migrations,
    // What went wrong is in the error; TypeORM's own logger would print it a second time.
    logger: statementLogger(new Set()),
    migrationsTableName: 'migration',
    migrationsTransactionMode: 'each',
    poolSize: 1,
    extra: { options: `-c role=${owner} -c search_path=${plan.schema}` },
  });
  await dataSource.initialize();
  try {
    const applied = await dataSource.runMigrations({ transaction: 'each' });
    for (const migration of applied) plan.onApplied?.(migration.name);
    return applied.map((migration) => migration.name);
  } finally {
    await dataSource.destroy();
  }
}

const readFunctions = (plan: MigrationPlan, root: string): readonly FunctionFile[] =>
  readFunctionFiles({ root, without: plan.directories, names: plan.names ?? {} });

/** The migrations of all folders; a number that two files share would leave their order to chance. */
function readMigrations(plan: MigrationPlan): MigrationClass[] {
  const files = plan.directories.flatMap((directory) => sqlMigrations(directory, plan.names ?? {}));
  const seen = new Map<string, string>();
  for (const { number, file } of files) {
    const other = seen.get(number);
    if (other !== undefined) throw new Error(`migrations ${other} and ${file} have the same number`);
    seen.set(number, file);
  }
  return files.map(({ migration }) => migration);
}

interface MigrationFile {
  readonly file: string;
  readonly number: string;
  readonly migration: MigrationClass;
}

/** TypeORM orders migrations by the 13 digits at the end of their class's name, so each file becomes such a class. */
function sqlMigrations(directory: string, names: Readonly<Record<string, string>>): MigrationFile[] {
  return readdirSync(directory)
    .filter((file) => file.endsWith('.sql'))
    .sort()
    .map((file) => {
      const match = /^(\d{13})-([a-z0-9-]+)\.sql$/.exec(file);
      if (match === null) throw new Error(`migration ${file} is not named <13 digits>-<name>.sql`);
      const number = match[1] ?? '';
      const name = `${(match[2] ?? '').replaceAll('-', '_')}${number}`;
      const sql = fillIn(readFileSync(join(directory, file), 'utf8'), names, `migration ${file}`);
      const migration = class implements MigrationInterface {
        readonly name = name;
        async up(runner: QueryRunner): Promise<void> {
          try {
            await runner.query(sql);
          } catch (error) {
            throw new Error(`migration ${file} failed: ${error instanceof Error ? error.message : 'unknown error'}`, {
              cause: error,
            });
          }
        }
        async down(): Promise<void> {
          throw new Error(`${name} has no way back: expand first, contract in a later release`);
        }
      };
      return { file, number, migration };
    });
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
