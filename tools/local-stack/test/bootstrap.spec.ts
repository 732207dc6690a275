import { spawnSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import ts from 'typescript';
import { installedMatches, isAtLeast, sentenceOfLog, sourceStamp } from '../bootstrap.mjs';

const TOOL = join(import.meta.dirname, '..');

describe('the first program of a fresh clone', () => {
  let root = '';
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'tolem-bootstrap-'));
  });
  afterEach(() => rm(root, { recursive: true }));

  /** A clone with nothing but this program in it. */
  const clone = async (): Promise<(args: string[], env?: Record<string, string>) => ReturnType<typeof spawnSync>> => {
    await mkdir(join(root, 'tools/local-stack'), { recursive: true });
    await cp(join(TOOL, 'bootstrap.mjs'), join(root, 'tools/local-stack/bootstrap.mjs'));
    await cp(join(TOOL, 'help'), join(root, 'tools/local-stack/help'), { recursive: true });
    return (args, env = {}) =>
      spawnSync(process.execPath, [join(root, 'tools/local-stack/bootstrap.mjs'), ...args], {
        encoding: 'utf8',
        env: { PATH: process.env['PATH'] ?? '', ...env },
      });
  };
  /** Stands in for npm: the script that npm itself names to its children. */
  const npm = async (script: string): Promise<Record<string, string>> => {
    const path = join(root, 'npm-cli.cjs');
    await writeFile(path, script);
    return { npm_execpath: path };
  };

  it('tells versions apart by number, not by text', () => {
    expect(isAtLeast('20.19.0', [20, 19, 0])).toBe(true);
    expect(isAtLeast('20.9.5', [20, 19, 0])).toBe(false);
    expect(isAtLeast('v24.21.0', [24, 9, 0])).toBe(true);
    expect(isAtLeast('18.20.4', [20, 19, 0])).toBe(false);
    expect(isAtLeast('100.0.0', [24, 9, 0])).toBe(true);
  });

  it.each([
    ['npm error code ENOSPC', 'The disk is full'],
    ['npm error code EACCES\nnpm error path /home/x/.npm', 'No permission to write'],
    ['npm error code EROFS', 'read-only'],
    ['npm error code ENOTFOUND', 'cannot be reached'],
    ['npm error code EAI_AGAIN', 'cannot be reached'],
  ])('%j becomes one sentence', (log, sentence) => {
    expect(sentenceOfLog(log, '/clone')).toContain(sentence);
  });

  it('does not guess about failures that it does not know', () => {
    expect(sentenceOfLog('TypeError: x is not a function', '/clone')).toBeUndefined();
  });

  it('accepts an installation that lacks only packages for other systems', () => {
    const packages = { '': { version: '1.0.0' }, a: { version: '1.0.0' }, b: { version: '2.0.0', optional: true } };
    const lock = JSON.stringify({ packages });
    const installed = (entries: object): string => JSON.stringify({ packages: entries });
    expect(installedMatches(lock, installed({ a: { version: '1.0.0' } }))).toBe(true);
    expect(installedMatches(lock, installed({ a: { version: '1.0.1' } }))).toBe(false);
    expect(installedMatches(lock, installed({ a: { version: '1.0.0' }, b: { version: '1.9.9' } }))).toBe(false);
    expect(installedMatches(lock, installed({}))).toBe(false);
    expect(installedMatches(lock, '')).toBe(false);
  });

  it('a build is repeated exactly when something that it reads has changed', async () => {
    const source = join(root, 'libs/one/src');
    await mkdir(source, { recursive: true });
    await writeFile(join(source, 'a.ts'), 'a');
    await writeFile(join(source, 'a.spec.ts'), 'spec');
    const first = sourceStamp(root);
    await writeFile(join(source, 'a.spec.ts'), 'another spec');
    expect(sourceStamp(root)).toBe(first);
    await writeFile(join(source, 'a.ts'), 'ab');
    const second = sourceStamp(root);
    expect(second).not.toBe(first);
    await utimes(join(source, 'a.ts'), new Date(1_000), new Date(1_000));
    const third = sourceStamp(root);
    expect(third).not.toBe(second);
    await writeFile(join(root, 'libs/one/package.json'), '{}');
    expect(new Set([first, second, third, sourceStamp(root)]).size).toBe(4);
  });

  it('helps without having installed anything', async () => {
    const run = await clone();
    const help = run(['start', '--help']);
    expect(help.status).toBe(0);
    for (const option of ['--fresh', '--no-demo', '--port N', '--help']) expect(help.stdout).toContain(option);
    expect(run(['demo', '--help']).stdout).toContain('kaspi_qr');
  });

  it('names a command that it does not know', async () => {
    const run = await clone();
    const answer = run(['stat']);
    expect(answer.status).toBe(1);
    expect(answer.stderr).toBe('Unknown command "stat": use one of start, stack, demo, bench, drill, test.\n');
  });

  it('an installation that fails for want of a network says so in one sentence and keeps the log', async () => {
    const run = await clone();
    await writeFile(join(root, 'package-lock.json'), '{"packages":{"a":{"version":"1.0.0"}}}');
    const answer = run(['start'], await npm('console.error("npm error code ENOTFOUND"); process.exit(1)'));
    expect(answer.status).toBe(1);
    expect(String(answer.stderr).trim().split('\n')).toHaveLength(1);
    expect(answer.stderr).toContain('The package registry cannot be reached');
    expect(answer.stderr).toContain(join(root, '.tolem/logs/install.log'));
  });

  it('an installation that fails otherwise shows the end of its output', async () => {
    const run = await clone();
    await writeFile(join(root, 'package-lock.json'), '{"packages":{"a":{"version":"1.0.0"}}}');
    const answer = run(['start'], await npm('console.log("something odd"); process.exit(3)'));
    expect(answer.status).toBe(1);
    expect(answer.stderr).toMatch(/something odd[\s\S]*Installing packages failed: it ended with code 3/);
  });

  it('installs once, builds once, hands over its arguments and ends as the command ends', async () => {
    const run = await clone();
    await writeFile(join(root, 'package-lock.json'), '{"packages":{"a":{"version":"1.0.0"}}}');
    await mkdir(join(root, 'tools/local-stack/src'));
    const nx =
      'require("node:fs").mkdirSync("tools/local-stack/dist/commands", {recursive: true}); require("node:fs").writeFileSync("tools/local-stack/dist/commands/start.js", "console.log(process.argv.slice(2).join(), process.cwd()); process.exitCode = 5")';
    const env = await npm(
      `const fs = require('node:fs'); fs.mkdirSync('node_modules/nx', {recursive: true});
       fs.writeFileSync('node_modules/nx/package.json', '{"bin":{"nx":"nx.cjs"}}');
       fs.writeFileSync('node_modules/nx/nx.cjs', ${JSON.stringify(nx)})`,
    );
    const first = run(['start', '--port', '8123'], env);
    expect(first.stderr).toBe('');
    expect(first.stdout).toMatch(
      /Installing packages: done after \d+ s\nBuilding …\nBuilding: done after \d+ s\n--port,8123 /,
    );
    expect(first.status).toBe(5);
    const second = run(['start'], env);
    expect(second.stdout).toBe(`${root === '' ? '' : ` ${root}`}\n`);
    expect(second.status).toBe(5);
  });

  it('is as strictly typed as everything else', () => {
    const program = ts.createProgram([join(TOOL, 'bootstrap.mjs')], {
      allowJs: true,
      checkJs: true,
      strict: true,
      noUncheckedIndexedAccess: true,
      exactOptionalPropertyTypes: true,
      noEmit: true,
      skipLibCheck: true,
      module: ts.ModuleKind.NodeNext,
      target: ts.ScriptTarget.ES2022,
      types: ['node'],
      typeRoots: [join(TOOL, '../../node_modules/@types')],
    });
    const problems = ts.getPreEmitDiagnostics(program);
    expect(problems.map((problem) => ts.flattenDiagnosticMessageText(problem.messageText, ' '))).toEqual([]);
  });
});
