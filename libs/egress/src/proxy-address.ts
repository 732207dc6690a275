import { unbracketed } from './wire-request.ts';
import type { ProxyAddress } from './open-tunnel.ts';

export type ProxyAddressResult =
  | { ok: true; proxy: ProxyAddress }
  /** What is wrong, without repeating the address: it may carry a password. */
  | { ok: false; problem: string };

/** Reads `http(s)://[user:password@]host:port` of a forward proxy; total. */
export function proxyAddress(text: string): ProxyAddressResult {
  const url = URL.parse(text);
  if (url === null) return refused('is no URL');
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return refused('must begin with http:// or https://');
  if (url.search !== '' || url.hash !== '' || url.pathname.length > 1) return refused('may have no path, query or #');
  const userInfo = credentialsOf(url);
  if (userInfo === null) return refused('has a user or password that is wrongly percent-encoded');
  const secure = url.protocol === 'https:';
  const port = url.port === '' ? (secure ? 443 : 80) : Number(url.port);
  return {
    ok: true,
    proxy: {
      name: `${url.hostname}:${port}`,
      host: unbracketed(url.hostname),
      port,
      secure,
      ...(userInfo === ':' ? {} : { authorization: `Basic ${Buffer.from(userInfo).toString('base64')}` }),
    },
  };
}

function credentialsOf(url: URL): string | null {
  try {
    return `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  } catch {
    return null;
  }
}

function refused(problem: string): ProxyAddressResult {
  return { ok: false, problem };
}
