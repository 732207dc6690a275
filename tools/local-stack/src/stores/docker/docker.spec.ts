import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { checkDocker, Compose, COMPOSE_FILE } from './docker.ts';

describe('stores of Docker', () => {
  const path = process.env['PATH'] ?? '';
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tolem-docker-'));
    process.env['PATH'] = folder;
  });
  afterEach(async () => {
    process.env['PATH'] = path;
    await rm(folder, { recursive: true });
  });
  /** Stands in for Docker's own command. */
  const docker = async (script: string): Promise<void> => {
    await writeFile(join(folder, 'docker'), `#!/bin/sh\n${script}\n`);
    await chmod(join(folder, 'docker'), 0o755);
  };

  it.each([
    ['is not installed', undefined, 'The command "docker" is missing. '],
    ['has no daemon', 'echo "Cannot connect to the Docker daemon" >&2; exit 1', 'Cannot connect to the Docker daemon'],
    ['has no compose', '[ "$1" = info ] || { echo "unknown command" >&2; exit 1; }', '"docker compose version"'],
  ])('a Docker that %s is named, and that none is needed', async (_what, script, said) => {
    if (script !== undefined) await docker(script);
    await expect(checkDocker()).rejects.toThrow(said);
    await expect(checkDocker()).rejects.toThrow('Without --docker none is needed');
  });

  it('a Docker that says nothing is given 5 s', async () => {
    await docker('exec /bin/sleep 60');
    await expect(checkDocker()).rejects.toThrow('"docker info" did not answer within 5 s. Without --docker');
  });

  it('our file is run as one project with the variables given, and what Docker says of a failure is told', async () => {
    await docker(`echo "$@ $TOLEM_KAFKA_PORT" >> ${folder}/asked; [ "$6" = down ] || { echo "no space" >&2; exit 1; }`);
    const compose = new Compose('tolem-1', () => ({ TOLEM_KAFKA_PORT: '9093' }));
    await compose.run(['down'], 10_000);
    await expect(compose.run(['up', 'kafka'], 10_000)).rejects.toThrow('"docker compose up kafka" failed: no space');
    expect(await readFile(join(folder, 'asked'), 'utf8')).toBe(
      ['down', 'up kafka']
        .map((what) => `compose --file ${COMPOSE_FILE} --project-name tolem-1 ${what} 9093\n`)
        .join(''),
    );
  });

  it('the file asks for no variable that is not given, and opens its ports to this machine only', async () => {
    const text = await readFile(COMPOSE_FILE, 'utf8');
    const variables = new Set([...text.matchAll(/\$\{(\w+)/g)].map((match) => match[1]));
    expect([...variables].sort()).toEqual([
      'TOLEM_KAFKA_PORT',
      'TOLEM_POSTGRES_MAX_CONNECTIONS',
      'TOLEM_POSTGRES_PASSWORD',
      'TOLEM_POSTGRES_PORT',
      'TOLEM_REDIS_PORT',
    ]);
    const ports = [...text.matchAll(/^ {4}ports: (.*)$/gm)].map((match) => match[1]);
    expect(ports).toHaveLength(3);
    for (const port of ports) expect(port).toMatch(/^\['127\.0\.0\.1:\$\{TOLEM_[A-Z]+_PORT:-\d+\}:\d+'\]$/);
    for (const [, tag] of text.matchAll(/^ {4}image: (.*)$/gm)) expect(tag).toMatch(/^[a-z/]+:\d+\.\d+/);
  });
});
