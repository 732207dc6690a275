import { describe, expect, it } from '@jest/globals';
import { redisAddress } from './redis-address.ts';

describe('the address of Redis', () => {
  it.each([
    ['redis://localhost', { host: 'localhost', port: 6_379, db: 0, secure: false }],
    ['redis://127.0.0.1:7000/3', { host: '127.0.0.1', port: 7_000, db: 3, secure: false }],
    ['redis://[::1]:7000/', { host: '::1', port: 7_000, db: 0, secure: false }],
    [
      'rediss://tolem:p%40ss%3Aw%2Frd@redis.chain.kz/1',
      { host: 'redis.chain.kz', port: 6_379, db: 1, username: 'tolem', password: 'p@ss:w/rd', secure: true },
    ],
    ['redis://:secret@host', { host: 'host', port: 6_379, db: 0, password: 'secret', secure: false }],
  ])('is read with all its parts: %s', (url, address) => {
    expect(redisAddress(url)).toEqual(address);
  });

  it.each(['', 'localhost:6379', 'http://secret@host', 'redis://', 'redis://secret@host/db', 'redis://h/12345'])(
    'is refused where it means nothing, without repeating what may be a secret: %s',
    (url) => {
      expect(() => redisAddress(url)).toThrow(RangeError);
      expect(() => redisAddress(url)).not.toThrow(/secret/);
    },
  );
});
