import { describe, expect, it } from '@jest/globals';
import type { ResolveHost } from './resolve-host.ts';
import { DEFAULT_WEBHOOK_SETTINGS } from './webhook-settings.ts';
import { WebhookUrls } from './webhook-url.ts';

const NAMES: Readonly<Record<string, readonly string[]>> = {
  'chain.example': ['93.184.215.14', '2606:2800:21f:cb07::1'],
  'inside.example': ['10.0.0.7'],
  'half.example': ['93.184.215.14', '192.168.0.1'],
  localhost: ['127.0.0.1', '::1'],
};
const resolve: ResolveHost = (host) => {
  const found = NAMES[host];
  return found === undefined
    ? Promise.reject(new Error('no such name'))
    : Promise.resolve(found.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })));
};

function urls(allowedNetworks: readonly string[] = [], by: ResolveHost = resolve): WebhookUrls {
  return new WebhookUrls(by, { ...DEFAULT_WEBHOOK_SETTINGS, resolveTimeoutMs: 50, allowedNetworks });
}

describe('the URL of an endpoint', () => {
  it('is kept in its one form', async () => {
    expect(await urls().check('HTTPS://Chain.Example:443/a b?c=d')).toBe('https://chain.example/a%20b?c=d');
    expect(await urls(['127.0.0.0/8']).check('http://0x7f.1:81')).toBe('http://127.0.0.1:81/');
  });

  it.each([
    ['https://inside.example/', 'url_not_public'],
    ['https://half.example/', 'url_not_public'],
    ['https://localhost/', 'url_not_public'],
    ['https://nowhere.example/', 'url_unknown_host'],
    ['http://chain.example/', 'https_required'],
    ['http://localhost/', 'https_required'],
  ])('at %s is refused with %s', async (url, code) => {
    await expect(urls().check(url)).rejects.toMatchObject({
      status: 422,
      code,
      options: { errors: [{ pointer: '/url', code }] },
    });
  });

  it('may be plain HTTP only where every address of its name is in a network that the operator opened', async () => {
    await expect(urls(['127.0.0.0/8', '::1']).check('http://localhost/')).resolves.toBe('http://localhost/');
    await expect(urls(['127.0.0.0/8']).check('http://localhost/')).rejects.toMatchObject({ code: 'https_required' });
    await expect(urls(['127.0.0.0/8']).check('http://chain.example/')).rejects.toMatchObject({
      code: 'https_required',
    });
  });

  it('is refused where nobody says in time what its name means', async () => {
    const silent = urls([], () => new Promise(() => undefined));
    await expect(silent.check('https://chain.example/')).rejects.toMatchObject({
      status: 422,
      code: 'url_unknown_host',
    });
  });
});
