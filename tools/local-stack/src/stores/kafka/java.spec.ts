import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { javaCommand, runMaven } from './java.ts';

describe('the tools that Kafka needs from this machine', () => {
  let folder = '';
  const path = process.env['PATH'];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tolem-java-spec-'));
    process.env['PATH'] = folder;
  });
  afterEach(async () => {
    process.env['PATH'] = path;
    await rm(folder, { recursive: true });
  });

  async function install(tool: string, script: string): Promise<void> {
    await writeFile(join(folder, tool), `#!/bin/sh\n${script}\n`);
    await chmod(join(folder, tool), 0o755);
  }

  it('are named with the packages that bring them where they are missing', async () => {
    await expect(javaCommand()).rejects.toThrow('"java" is missing: apt-get install default-jre-headless maven');
    await expect(runMaven([], 1_000)).rejects.toThrow('"mvn" is missing: apt-get install default-jre-headless maven');
  });

  it('are refused where they are too old for Kafka', async () => {
    await install('java', `echo 'openjdk version "11.0.2" 2019-01-15' >&2`);
    await expect(javaCommand()).rejects.toThrow('needs Java 17 or newer, and this is 11');
    await install('java', `echo 'openjdk version "17.0.15" 2025-04-15' >&2`);
    expect(await javaCommand()).toBe('java');
  });

  it('say themselves why they failed', async () => {
    await install('mvn', 'echo "[ERROR] the repository is out of reach"; exit 1');
    await expect(runMaven([], 10_000)).rejects.toThrow('the repository is out of reach');
  });
});
