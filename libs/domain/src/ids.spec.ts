import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ManualClock } from './clock.ts';
import { ID_PREFIXES, IdFactory, idFromUuid, parseId, uuidFromId } from './ids.ts';

const anyUuid = fc.uuid();
const anyPrefix = fc.constantFrom(...ID_PREFIXES);
const V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe('the public form of an id', () => {
  it('is the prefix and 26 lower-case Crockford characters', () => {
    fc.assert(
      fc.property(anyPrefix, anyUuid, (prefix, uuid) => {
        expect(idFromUuid(prefix, uuid)).toMatch(new RegExp(`^${prefix}_[0-7][0-9a-hjkmnp-tv-z]{25}$`));
      }),
    );
  });

  it('encodes known values', () => {
    expect(idFromUuid('pay', '00000000-0000-0000-0000-000000000000')).toBe('pay_00000000000000000000000000');
    expect(idFromUuid('pay', 'ffffffff-ffff-ffff-ffff-ffffffffffff')).toBe('pay_7zzzzzzzzzzzzzzzzzzzzzzzzz');
    expect(idFromUuid('op', '00000000-0000-0000-0000-000000000021')).toBe('op_00000000000000000000000011');
  });

  it('gives the UUID back without loss', () => {
    fc.assert(
      fc.property(anyPrefix, anyUuid, (prefix, uuid) => {
        expect(uuidFromId(prefix, idFromUuid(prefix, uuid))).toBe(uuid);
      }),
    );
  });

  it('is the only text for its UUID: whatever is accepted is printed back unchanged', () => {
    const character = fc.constantFrom(...'0123456789abcdefghijklmnopqrstuvwxyzABCZ_- ');
    fc.assert(
      fc.property(fc.array(character, { minLength: 26, maxLength: 26 }), (characters) => {
        const text = `pay_${characters.join('')}`;
        const uuid = uuidFromId('pay', text);
        if (uuid !== undefined) expect(idFromUuid('pay', uuid)).toBe(text);
      }),
    );
  });

  it('sorts as text exactly as the UUIDs do', () => {
    fc.assert(
      fc.property(anyUuid, anyUuid, (a, b) => {
        expect(idFromUuid('pay', a) < idFromUuid('pay', b)).toBe(a < b);
      }),
    );
  });

  it('accepts an upper-case UUID and gives lower case back', () => {
    const id = idFromUuid('pay', '018F2C3A-0000-7000-8000-0123456789AB');
    expect(uuidFromId('pay', id)).toBe('018f2c3a-0000-7000-8000-0123456789ab');
  });

  it('is not made of anything but a UUID', () => {
    for (const text of ['', 'pay', '018f2c3a00007000800001234567890ab', '018f2c3a-0000-7000-8000-0123456789ag']) {
      expect(() => idFromUuid('pay', text)).toThrow(TypeError);
    }
  });
});

describe('reading an id', () => {
  const zeros = '0'.repeat(25);

  it.each([
    ['a foreign prefix', `ref_${zeros}1`],
    ['no prefix', `${zeros}1`],
    ['a prefix that only begins alike', `payx_${zeros}1`],
    ['another separator', `pay-${zeros}1`],
    ['upper case', `pay_${zeros}A`],
    ['an upper-case prefix', `PAY_${zeros}1`],
    ['the letter i', `pay_${zeros}i`],
    ['the letter l', `pay_${zeros}l`],
    ['the letter o', `pay_${zeros}o`],
    ['the letter u', `pay_${zeros}u`],
    ['one character too few', `pay_${zeros}`],
    ['one character too many', `pay_${zeros}11`],
    ['more than 128 bits', `pay_8${zeros}`],
    ['white space around', ` pay_${zeros}1`],
    ['nothing', ''],
    ['a character beyond the basic plane', `pay_${zeros.slice(1)}😀`],
  ])('refuses %s', (_what, text) => {
    expect(uuidFromId('pay', text)).toBeUndefined();
    expect(parseId('pay', text)).toBeUndefined();
  });

  it('gives a well-formed id back as it came', () => {
    expect(parseId('pay', `pay_${zeros}1`)).toBe(`pay_${zeros}1`);
  });
});

describe('IdFactory', () => {
  it('makes UUIDv7 that carry the wall time in milliseconds', () => {
    const clock = new ManualClock(Date.UTC(2026, 10, 22, 12, 0, 0, 123));
    const uuid = new IdFactory(clock).uuid();
    expect(uuid).toMatch(V7);
    expect(Number.parseInt(uuid.replace('-', '').slice(0, 12), 16)).toBe(clock.now());
  });

  it('makes ids that rise strictly whatever the clock does and whatever the random bytes are', () => {
    const moves = fc.array(fc.integer({ min: -100_000, max: 100_000 }), { minLength: 2, maxLength: 60 });
    const fill = fc.constantFrom(0x00, 0x7f, 0xff);
    fc.assert(
      fc.property(moves, fill, (deltasMs, byte) => {
        const clock = new ManualClock();
        const ids = new IdFactory(clock, (n) => new Uint8Array(n).fill(byte));
        const made = deltasMs.map((deltaMs) => {
          clock.stepWall(deltaMs);
          return ids.next('pay');
        });
        expect(made).toEqual(made.toSorted());
        expect(new Set(made).size).toBe(made.length);
        for (const id of made) expect(uuidFromId('pay', id)).toMatch(V7);
      }),
    );
  });

  it('stays in order and unique over 20,000 ids of one millisecond with real randomness', () => {
    const ids = new IdFactory(new ManualClock());
    let previous = '';
    let falls = 0;
    for (let made = 0; made < 20_000; made += 1) {
      const uuid = ids.uuid();
      if (uuid <= previous) falls += 1;
      previous = uuid;
    }
    expect(falls).toBe(0);
  });

  it('gives two processes that share a millisecond different ids', () => {
    const clock = new ManualClock();
    expect(new IdFactory(clock).uuid()).not.toBe(new IdFactory(clock).uuid());
  });

  it('refuses a source of randomness that gives too little', () => {
    const ids = new IdFactory(new ManualClock(), () => new Uint8Array(0));
    expect(() => ids.uuid()).toThrow(RangeError);
  });
});
