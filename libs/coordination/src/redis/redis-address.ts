/** Where Redis is and how to enter, as the client wants it. */
export interface RedisAddress {
  readonly host: string;
  readonly port: number;
  readonly db: number;
  readonly username?: string;
  readonly password?: string;
  /** True for rediss://. */
  readonly secure: boolean;
}

const DEFAULT_PORT = 6_379;

/**
 * Reads `redis(s)://user:password@host:port/db`; user, password, port and db may be missing, special characters are
 * percent-encoded. Throws a RangeError that does not repeat the address: it may hold a password.
 */
export function redisAddress(url: string): RedisAddress {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const db = /^\/?(\d{0,4})$/.exec(parsed?.pathname ?? '')?.[1];
  if (parsed === undefined || !/^rediss?:$/.test(parsed.protocol) || parsed.hostname === '' || db === undefined) {
    throw new RangeError('the address of Redis must look like redis://user:password@host:6379/0, or rediss:// for TLS');
  }
  const [username, password] = [parsed.username, parsed.password].map(decodeURIComponent);
  return {
    host: parsed.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: parsed.port === '' ? DEFAULT_PORT : Number(parsed.port),
    db: Number(db),
    ...(username === undefined || username === '' ? {} : { username }),
    ...(password === undefined || password === '' ? {} : { password }),
    secure: parsed.protocol === 'rediss:',
  };
}
