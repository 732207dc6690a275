import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { CheckResult } from './check.ts';
import { storesCheck } from './stores-check.ts';

describe('the check for what Kafka and Redis need', () => {
  let folder = '';
  const { PATH: path, TOLEM_CACHE_DIR: cacheDir } = process.env;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tolem-stores-spec-'));
    await mkdir(join(folder, 'bin'));
    process.env['PATH'] = join(folder, 'bin');
    process.env['TOLEM_CACHE_DIR'] = join(folder, 'cache');
  });
  afterEach(async () => {
    process.env['PATH'] = path;
    if (cacheDir === undefined) delete process.env['TOLEM_CACHE_DIR'];
    else process.env['TOLEM_CACHE_DIR'] = cacheDir;
    await rm(folder, { recursive: true });
  });

  async function install(tool: string, script: string): Promise<void> {
    await writeFile(join(folder, 'bin', tool), `#!/bin/sh\n${script}\n`);
    await chmod(join(folder, 'bin', tool), 0o755);
  }
  async function run(): Promise<{ result: CheckResult; said: string }> {
    let said = '';
    const say = (text: string): void => void (said += text);
    const result = await storesCheck.run({ root: folder, timeLeftMs: () => 60_000, say });
    return { result, said };
  }

  it('fails where they are missing, and says for each what to install', async () => {
    const { result } = await run();
    expect(result).toEqual({
      passed: 0,
      failed: 1,
      problems: [
        expect.stringMatching(
          /^Kafka runs on Java, and the command "java" is missing: apt-get install \S+ maven\n.*Redis.*apt-get install redis-server/,
        ),
      ],
    });
  }, 60_000);

  it('fetches what can be fetched, shows that, and needs nothing the next time', async () => {
    await install('java', `echo 'openjdk version "21.0.2" 2024-01-16' >&2`);
    await install('redis-server', 'echo "Redis server v=7.0.15"');
    await install(
      'mvn',
      `for each in "$@"; do case "$each" in -DoutputDirectory=*) /bin/mkdir -p "\${each#*=}";; esac; done`,
    );
    const first = await run();
    expect(first.result).toEqual({ passed: 1, failed: 0, problems: [] });
    expect(first.said).toMatch(/… Kafka: fetching Kafka .* \d+\.\d s\n {2}✓ Kafka +\d/);
    expect(await readdir(join(folder, 'cache'))).toEqual([expect.stringMatching(/^kafka-/)]);
    await rm(join(folder, 'bin', 'mvn'));
    const second = await run();
    expect(second.result).toEqual({ passed: 1, failed: 0, problems: [] });
    expect(second.said).not.toContain('fetching');
  }, 60_000);
});
