import { randomBytes } from 'node:crypto';
import pg from 'pg';

/** Every login role of a test database has this password; the cluster listens on loopback and lives for one run. */
const PASSWORD = 'only-for-tests';
/** Any number: specs of several workers that want the same template meet at this lock. */
const TEMPLATE_LOCK = 7_405_602_419;

export interface TestDatabase {
  readonly name: string;
  /** The cluster's superuser, connected to this database; for migrations and for looking behind the scenes. */
  readonly adminUrl: string;
  /** Connection URL of a login role of this database. */
  urlOf(role: string): string;
  drop(): Promise<void>;
}

/** Which migrations a spec needs; `name` tells templates apart. */
export interface DatabaseTemplate {
  readonly name: string;
  migrate(database: Pick<TestDatabase, 'adminUrl' | 'urlOf'>): Promise<void>;
}

/**
 * A database of its own for one spec file, cloned from a template that the first spec of the run migrates: real
 * PostgreSQL at the price of copying files.
 */
export async function testDatabase(template: DatabaseTemplate): Promise<TestDatabase> {
  const cluster = process.env['TOLEM_TEST_POSTGRES_URL'];
  if (cluster === undefined)
    throw new Error('TOLEM_TEST_POSTGRES_URL is not set: run specs through jest of this workspace');
  const run = process.env['TOLEM_TEST_RUN'] ?? String(process.ppid);
  const templateName = `template_${template.name}_${run}`.replaceAll(/[^a-z0-9_]/g, '_');
  const name = `${template.name}_${randomBytes(6).toString('hex')}`;
  const client = new pg.Client({ connectionString: cluster });
  await client.connect();
  try {
    await client.query('SELECT pg_advisory_lock($1)', [TEMPLATE_LOCK]);
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1 AND datistemplate', [
      templateName,
    ]);
    if (rowCount === 0) await makeTemplate(client, cluster, templateName, template);
    await client.query(`CREATE DATABASE ${pg.escapeIdentifier(name)} TEMPLATE ${pg.escapeIdentifier(templateName)}`);
  } finally {
    await client.end();
  }
  return { ...urls(cluster, name), name, drop: () => drop(cluster, name) };
}

async function makeTemplate(
  client: pg.Client,
  cluster: string,
  name: string,
  template: DatabaseTemplate,
): Promise<void> {
  const identifier = pg.escapeIdentifier(name);
  await client.query(`DROP DATABASE IF EXISTS ${identifier} WITH (FORCE)`);
  await client.query(`CREATE DATABASE ${identifier}`);
  await template.migrate(urls(cluster, name));
  await client.query(`ALTER DATABASE ${identifier} IS_TEMPLATE true`);
}

async function drop(cluster: string, name: string): Promise<void> {
  const client = new pg.Client({ connectionString: cluster });
  await client.connect();
  try {
    await client.query(`DROP DATABASE IF EXISTS ${pg.escapeIdentifier(name)} WITH (FORCE)`);
  } finally {
    await client.end();
  }
}

function urls(cluster: string, name: string): Pick<TestDatabase, 'adminUrl' | 'urlOf'> {
  const admin = new URL(cluster);
  admin.pathname = `/${name}`;
  return {
    adminUrl: admin.toString(),
    urlOf(role) {
      const url = new URL(admin);
      url.username = role;
      url.password = PASSWORD;
      return url.toString();
    },
  };
}
