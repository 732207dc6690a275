import { describe, expect, it } from '@jest/globals';
import { gatewayConfig } from './config.ts';

const REQUIRED = {
  TOLEM_GATEWAY_DATABASE_URL: 'postgres://tolem_gateway:pw-one@127.0.0.1:5432/tolem',
  TOLEM_GATEWAY_WORKER_DATABASE_URL: 'postgres://tolem_gateway_worker:pw-two@127.0.0.1:5432/tolem',
  TOLEM_MASTER_KEY: Buffer.alloc(32, 1).toString('base64'),
  TOLEM_OPERATOR_KEY: `tlm_op_${'a'.repeat(52)}`,
};

describe('the configuration of the gateway', () => {
  it('needs two databases, a master key and the operator’s key; everything else has a default', () => {
    expect(gatewayConfig.load(REQUIRED)).toMatchObject({
      host: '127.0.0.1',
      port: 8080,
      providerUrls: {},
      trustedProxies: [],
      poolSize: 10,
    });
    for (const name of Object.keys(REQUIRED)) {
      expect(() => gatewayConfig.load({ ...REQUIRED, [name]: '' })).toThrow(`${name}: is not set`);
    }
  });

  it('reads where providers are reached', () => {
    const urls = { kaspi: { test: { r3: 'https://127.0.0.1:8545' } } };
    expect(gatewayConfig.load({ ...REQUIRED, TOLEM_PROVIDER_URLS: JSON.stringify(urls) }).providerUrls).toEqual(urls);
  });

  it.each([
    ['TOLEM_PROVIDER_URLS', '{"kaspi"', 'is not JSON'],
    ['TOLEM_PROVIDER_URLS', '{"kaspi":{"test":{"r3":"ftp://x"}}}', 'TOLEM_PROVIDER_URLS'],
    ['TOLEM_PROVIDER_URLS', '{"kaspi":{"prod":{"r3":"https://x"}}}', 'TOLEM_PROVIDER_URLS'],
    ['TOLEM_GATEWAY_PORT', '70000', 'is more than 65535'],
    ['TOLEM_GATEWAY_TRUSTED_PROXIES', '10.0.0.0/8,proxy', 'neither an address nor a CIDR block'],
    ['TOLEM_MASTER_KEY', 'c2hvcnQ=', 'TOLEM_MASTER_KEY: does not have the right form'],
    ['TOLEM_OPERATOR_KEY', 'short', 'does not have the right form'],
    ['TOLEM_GATEWAY_DATABASE_URL', 'mysql://x', 'does not have the right form'],
  ])('refuses %s=%s and says why', (name, value, why) => {
    expect(() => gatewayConfig.load({ ...REQUIRED, [name]: value })).toThrow(why);
  });

  it('never shows a secret when it is printed', () => {
    const shown = JSON.stringify(gatewayConfig.masked(gatewayConfig.load(REQUIRED)));
    for (const secret of ['pw-one', 'pw-two', REQUIRED.TOLEM_MASTER_KEY, REQUIRED.TOLEM_OPERATOR_KEY])
      expect(shown).not.toContain(secret);
  });
});
