import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { z } from 'zod';
import {
  address,
  commaList,
  ConfigurationError,
  defineConfig,
  env,
  maskConfig,
  oneOf,
  plainText,
  wholeNumber,
  yesNo,
} from './index.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'config-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const config = defineConfig({
  port: env('TOLEM_GATEWAY_PORT', wholeNumber({ min: 0, max: 65535 }), {
    default: 8080,
    describe: 'TCP port of the API',
  }),
  level: env('TOLEM_LOG_LEVEL', oneOf(['debug', 'info']), { default: 'info', describe: 'least level that is written' }),
  masterKey: env('TOLEM_MASTER_KEY', z.base64().length(8), { secret: true, describe: '6 bytes in base64' }),
  database: env('TOLEM_GATEWAY_DATABASE_URL', address(['postgres']), { describe: 'address of the database' }),
  origins: env('TOLEM_GATEWAY_ORIGINS', commaList(), {
    optional: true,
    describe: 'allowed origins, with commas between',
  }),
  docs: env('TOLEM_GATEWAY_DOCS', yesNo(), { default: true, describe: 'whether /docs is served' }),
});

const least = { TOLEM_MASTER_KEY: 'AAAAAAAA', TOLEM_GATEWAY_DATABASE_URL: 'postgres://tolem:pw@db:5432/tolem' };

function mistakesOf(environment: Record<string, string>): ConfigurationError {
  try {
    config.load(environment);
  } catch (error) {
    if (error instanceof ConfigurationError) return error;
    throw error;
  }
  throw new Error('no mistake was found');
}

describe('loading', () => {
  it('gives typed values, with defaults for what is unset or empty', () => {
    const loaded = config.load({
      ...least,
      TOLEM_GATEWAY_PORT: '',
      TOLEM_GATEWAY_ORIGINS: 'a, b,,c',
      TOLEM_GATEWAY_DOCS: 'no',
    });
    const port: number = loaded.port;
    const origins: string[] | undefined = loaded.origins;
    const level: 'debug' | 'info' = loaded.level;
    expect({ port, origins, level, docs: loaded.docs }).toEqual({
      port: 8080,
      origins: ['a', 'b', 'c'],
      level: 'info',
      docs: false,
    });
    expect(config.load(least).origins).toBeUndefined();
    expect(Object.isFrozen(loaded)).toBe(true);
  });

  it('takes a value from the file that <name>_FILE names, without the white space around it', () => {
    const path = file('key', '  QUJDREVG\n\n');
    expect(config.load({ ...least, TOLEM_MASTER_KEY: '', TOLEM_MASTER_KEY_FILE: path }).masterKey).toBe('QUJDREVG');
  });

  it('names every mistake at once, with what is expected', () => {
    const { mistakes, message } = mistakesOf({
      TOLEM_GATEWAY_PORT: '70000',
      TOLEM_LOG_LEVEL: 'loud',
      TOLEM_GATEWAY_DOCS: 'maybe',
    });
    expect(mistakes.map(({ variable, problem }) => `${variable} ${problem}`)).toEqual([
      'TOLEM_GATEWAY_PORT "70000" is more than 65535',
      'TOLEM_LOG_LEVEL "loud" is none of debug, info',
      'TOLEM_MASTER_KEY is not set',
      'TOLEM_GATEWAY_DATABASE_URL is not set',
      'TOLEM_GATEWAY_DOCS "maybe" is neither true nor false',
    ]);
    expect(message).toContain('5 mistakes');
    expect(message).toContain('Expected: TCP port of the API');
  });

  it('a variable and its file together are a mistake, as are files that are missing, empty or huge', () => {
    const path = file('both', 'AAAAAAAA');
    expect(mistakesOf({ ...least, TOLEM_MASTER_KEY_FILE: path }).message).toContain('TOLEM_MASTER_KEY_FILE too');
    for (const [bad, words] of [
      [join(folder, 'missing'), 'cannot be read (ENOENT)'],
      [folder, 'cannot be read (EISDIR)'],
      [file('empty', ' \n'), 'is empty'],
      [file('huge', 'x'.repeat(300_000)), 'is larger than'],
    ] as const) {
      const { mistakes } = mistakesOf({ ...least, TOLEM_MASTER_KEY: '', TOLEM_MASTER_KEY_FILE: bad });
      expect(mistakes).toHaveLength(1);
      expect(mistakes[0]?.problem).toContain(words);
    }
  });

  it('never shows a secret, neither wrong nor right', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z0-9]{9,40}$/), (secret) => {
        const fromFile = mistakesOf({ ...least, TOLEM_MASTER_KEY: '', TOLEM_MASTER_KEY_FILE: file('wrong', secret) });
        expect(mistakesOf({ ...least, TOLEM_MASTER_KEY: secret }).message).not.toContain(secret);
        expect(fromFile.message).not.toContain(secret);
      }),
      { numRuns: 25 },
    );
    expect(mistakesOf({ ...least, TOLEM_GATEWAY_DATABASE_URL: 'mysql://tolem:pa55@db/x' }).message).not.toContain(
      'pa55',
    );
    expect(config.masked(config.load(least))).toEqual({
      TOLEM_GATEWAY_PORT: 8080,
      TOLEM_LOG_LEVEL: 'info',
      TOLEM_MASTER_KEY: '***',
      TOLEM_GATEWAY_DATABASE_URL: 'postgres://***@db:5432/tolem',
      TOLEM_GATEWAY_ORIGINS: undefined,
      TOLEM_GATEWAY_DOCS: true,
    });
    expect(maskConfig({ a: 'x', b: 'y', c: '' }, new Set(['a', 'c']))).toEqual({ a: '***', b: 'y', c: '' });
  });

  it('unknown variables are no mistakes; those spelled almost right are hinted at', () => {
    const environment = { ...least, TOLEM_GATEWY_PORT: '1', TOLEM_KASPI_POLL_MS: '2', PATH: '/bin' };
    expect(config.load(environment).port).toBe(8080);
    expect(config.hints(environment)).toEqual(['TOLEM_GATEWY_PORT is not known; did you mean TOLEM_GATEWAY_PORT?']);
    const misspelled = { TOLEM_GATEWAY_DATABASE_URL: 'postgres://db', TOLEM_MASTERKEY: 'AAAAAAAA' };
    expect(mistakesOf(misspelled).message).toContain('did you mean TOLEM_MASTER_KEY?');
  });
});

describe('declaring', () => {
  it('gives the table for the docs', () => {
    expect(config.describe().slice(0, 3)).toEqual([
      {
        variable: 'TOLEM_GATEWAY_PORT',
        describe: 'TCP port of the API',
        default: '8080',
        required: false,
        secret: false,
      },
      {
        variable: 'TOLEM_LOG_LEVEL',
        describe: 'least level that is written',
        default: 'info',
        required: false,
        secret: false,
      },
      { variable: 'TOLEM_MASTER_KEY', describe: '6 bytes in base64', default: '', required: true, secret: true },
    ]);
  });

  it('the same variable twice, or a name that is none, is refused', () => {
    const field = env('TOLEM_X', plainText(), { describe: 'x' });
    expect(() => defineConfig({ a: field, b: field })).toThrow('TOLEM_X is declared twice');
    expect(() => env('tolem x', plainText(), { describe: 'x' })).toThrow(TypeError);
  });

  it('whole numbers are read exactly or not at all', () => {
    const schema = wholeNumber({ min: -10, max: 10 });
    fc.assert(
      fc.property(fc.integer({ min: -20, max: 20 }), (n) => {
        expect(schema.safeParse(String(n)).success).toBe(n >= -10 && n <= 10);
      }),
    );
    for (const text of ['', ' ', '1e1', '0x1', '1.0', 'NaN', '１', '9'.repeat(20)]) {
      expect(schema.safeParse(text).success).toBe(false);
    }
  });
});
