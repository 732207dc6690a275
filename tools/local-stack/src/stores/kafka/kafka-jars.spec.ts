import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { kafkaJars } from './kafka-jars.ts';

const ignore = (): void => undefined;

describe("Kafka's jars", () => {
  let folder = '';
  const { PATH: path, TOLEM_CACHE_DIR: cacheDir } = process.env;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tolem-jars-spec-'));
    process.env['PATH'] = `${folder}/bin:${path ?? ''}`;
    process.env['TOLEM_CACHE_DIR'] = join(folder, 'cache');
    await mkdir(join(folder, 'bin'));
  });
  afterEach(async () => {
    process.env['PATH'] = path;
    if (cacheDir === undefined) delete process.env['TOLEM_CACHE_DIR'];
    else process.env['TOLEM_CACHE_DIR'] = cacheDir;
    await rm(folder, { recursive: true });
  });

  /** A Maven that puts one jar where it is told to and keeps account of its runs; then `more`. */
  async function maven(more = ''): Promise<void> {
    const script = `#!/bin/sh
echo run >> ${folder}/runs
for each in "$@"; do case "$each" in -DoutputDirectory=*) out="\${each#*=}";; esac; done
mkdir -p "$out" && echo jar > "$out/kafka.jar"
${more}
`;
    await writeFile(join(folder, 'bin', 'mvn'), script);
    await chmod(join(folder, 'bin', 'mvn'), 0o755);
  }
  const runs = async (): Promise<number> => (await readFile(join(folder, 'runs'), 'utf8')).trim().split('\n').length;

  it('are fetched once, also by two who want them at the same moment, and every clone uses the same', async () => {
    await maven();
    const [first, second] = await Promise.all([kafkaJars(ignore), kafkaJars(ignore)]);
    expect(second).toBe(first);
    expect(await kafkaJars(ignore)).toBe(first);
    expect(await readdir(first)).toEqual(['kafka.jar']);
    expect(await runs()).toBe(1);
    expect(await readdir(join(folder, 'cache'))).toEqual([basename(first)]);
  });

  it('are not there after a fetch that failed half-way, and the next one begins anew', async () => {
    await maven('echo "out of reach"; exit 1');
    await expect(kafkaJars(ignore)).rejects.toThrow('out of reach');
    await maven();
    expect(await readdir(await kafkaJars(ignore))).toEqual(['kafka.jar']);
    expect(await runs()).toBe(2);
  });

  it('are not waited for when whoever fetched them was killed', async () => {
    await maven();
    const name = basename(await kafkaJars(ignore));
    await rm(join(folder, 'cache', name), { recursive: true });
    // No process has this id: it is above the largest that Linux gives.
    await writeFile(join(folder, 'cache', `${name}.lock`), '4194305');
    expect(await readdir(await kafkaJars(ignore))).toEqual(['kafka.jar']);
  });
});
