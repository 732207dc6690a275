import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { PROVIDERS } from '@tolem/contracts';
import { ConfigurationError } from '@tolem/observability';
import { configureServices } from '../src/config.ts';
import { configurationPage } from '../src/configuration-page.ts';

/** Of every provider of the list, so that a new one changes nothing here. */
const DATABASE_URLS = Object.fromEntries(
  PROVIDERS.map(({ name }) => [
    `TOLEM_${name.toUpperCase()}_DATABASE_URL`,
    `postgres://tolem_${name}:c@127.0.0.1:5432/tolem`,
  ]),
);

const COMPLETE = {
  ...DATABASE_URLS,
  TOLEM_GATEWAY_DATABASE_URL: 'postgres://tolem_gateway:a@127.0.0.1:5432/tolem',
  TOLEM_GATEWAY_WORKER_DATABASE_URL: 'postgres://tolem_gateway_worker:b@127.0.0.1:5432/tolem',
  TOLEM_MASTER_KEY: Buffer.alloc(32, 7).toString('base64'),
  TOLEM_OPERATOR_KEY: `tlm_op_${'k'.repeat(52)}`,
};

describe('the configuration of the one process', () => {
  it('is read for every service at once', () => {
    // The door last: what comes in finds somebody who carries it out.
    expect([...configureServices(COMPLETE).keys()]).toEqual([...PROVIDERS.map(({ name }) => name), 'gateway']);
  });

  it('names every mistake of every service in one error and no secret', () => {
    const wrong = {
      ...COMPLETE,
      TOLEM_GATEWAY_PORT: 'eighty',
      TOLEM_KASPI_GRACE_MS: '-1',
      TOLEM_OPERATOR_KEY: 'too-short-and-secret',
      TOLEM_MASTER_KEY: undefined,
    };
    let message = '';
    try {
      configureServices(wrong);
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      message = error.message;
    }
    for (const variable of ['TOLEM_GATEWAY_PORT', 'TOLEM_KASPI_GRACE_MS', 'TOLEM_OPERATOR_KEY', 'TOLEM_MASTER_KEY']) {
      expect(message.split(variable).length - 1).toBe(1);
    }
    expect(message).not.toContain('too-short-and-secret');
  });

  it('is documented as it is; `npm run docs` writes the page anew', () => {
    expect(readFileSync(new URL('../../../docs/configuration.md', import.meta.url), 'utf8')).toBe(configurationPage());
  });
});
