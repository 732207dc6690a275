import { isIP } from 'node:net';
import { Inject, Injectable } from '@nestjs/common';
import { type ApiProblem, unprocessable } from '../http/api-problem.ts';
import { mayReach } from './address-rules.ts';
import { RESOLVE_HOST, WEBHOOK_SETTINGS, type WebhookSettings } from './webhook-settings.ts';
import type { ResolveHost } from './resolve-host.ts';

export const MAX_URL_LENGTH = 2_048;

/** Host of a URL as sockets take it: without the brackets around an IPv6 address. */
export function hostOf(url: URL): string {
  return url.hostname.startsWith('[') ? url.hostname.slice(1, -1) : url.hostname;
}

/** Where webhooks may go; asked when an endpoint is made or moved, so that its owner hears of a mistake at once. */
@Injectable()
export class WebhookUrls {
  constructor(
    @Inject(RESOLVE_HOST) private readonly resolve: ResolveHost,
    @Inject(WEBHOOK_SETTINGS) private readonly settings: WebhookSettings,
  ) {}

  /**
   * The URL in its one form (`http://0x7f.1` is `http://127.0.0.1/`); 422 for one that no webhook may go to. Names are resolved
   * again for every connection: what is public today may be private tomorrow.
   */
  async check(text: string): Promise<string> {
    const url = URL.parse(text);
    if (url === null) throw refused('url_invalid', 'This is not an absolute URL.');
    if (url.protocol !== 'https:' && url.protocol !== 'http:')
      throw refused('url_invalid', 'Webhooks go to `https://` addresses.');
    if (url.username !== '' || url.password !== '')
      throw refused('url_invalid', 'Put no name and password into the URL: the signature proves who calls.');
    if (url.hash !== '') throw refused('url_invalid', 'What stands behind # is never sent.');
    if (url.href.length > MAX_URL_LENGTH)
      throw refused('url_invalid', `The URL is longer than ${MAX_URL_LENGTH} characters.`);
    const isSecure = url.protocol === 'https:';
    if (!isSecure && this.settings.allowedNetworks.length === 0) throw httpsRequired();
    const host = hostOf(url);
    const addresses = isIP(host) === 0 ? await this.#addressesOf(host) : [host];
    if (addresses.some((address) => !mayReach(address, isSecure, this.settings.allowedNetworks))) {
      throw isSecure
        ? refused(
            'url_not_public',
            'This address is not on the public internet. The operator can open private networks.',
          )
        : httpsRequired();
    }
    return url.href;
  }

  async #addressesOf(host: string): Promise<string[]> {
    let timer: NodeJS.Timeout | undefined;
    const tooSlow = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error('no answer in time')), this.settings.resolveTimeoutMs);
    });
    try {
      return (await Promise.race([this.resolve(host), tooSlow])).map(({ address }) => address);
    } catch (cause) {
      throw refused('url_unknown_host', 'This host has no address at the moment. Check its name.', cause);
    } finally {
      clearTimeout(timer);
    }
  }
}

function httpsRequired(): ApiProblem {
  return refused(
    'https_required',
    'Webhooks go to `https://` addresses; `http://` only into networks that the operator opened.',
  );
}

function refused(code: string, detail: string, cause?: unknown): ApiProblem {
  return unprocessable(code, '/url', detail, cause === undefined ? {} : { cause });
}
