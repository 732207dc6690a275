import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { paymentStart } from './commands.ts';
import { methodNamed, phoneField, providerNamed, PROVIDERS, schemeNamed } from './providers.ts';
import { commandsTopic, EVENTS_TOPIC } from './topics.ts';

const methods = PROVIDERS.flatMap((provider) => provider.methods.map((method) => ({ provider, method })));

describe('the list of providers', () => {
  it('names every provider, every scheme of one and every method of all exactly once', () => {
    const names = PROVIDERS.map((provider) => provider.name);
    const types = methods.map(({ method }) => method.type);
    expect(names.length).toBeGreaterThan(0);
    expect(new Set(names).size).toBe(names.length);
    expect(types.length).toBeGreaterThan(0);
    expect(new Set(types).size).toBe(types.length);
    for (const provider of PROVIDERS) {
      const schemes = provider.schemes.map((scheme) => scheme.name);
      expect(schemes.length).toBeGreaterThan(0);
      expect(new Set(schemes).size).toBe(schemes.length);
    }
  });

  it('lets every scheme use only methods of its provider, and every method work under some scheme', () => {
    for (const provider of PROVIDERS) {
      const types = provider.methods.map((method) => method.type);
      for (const scheme of provider.schemes) {
        expect(types).toEqual(expect.arrayContaining([...scheme.methods]));
        expect(schemeNamed(provider.name, scheme.name)).toBe(scheme);
      }
      const used = provider.schemes.flatMap((scheme) => scheme.methods);
      expect([...new Set(used)].sort()).toEqual([...types].sort());
      expect(schemeNamed(provider.name, 'constructor')).toBeUndefined();
    }
    expect(schemeNamed('nobody', 'r3')).toBeUndefined();
  });

  it('gives every provider a name that is safe in a topic, a database schema and a folder', () => {
    for (const provider of PROVIDERS) expect(provider.name).toMatch(/^[a-z][a-z0-9]{1,30}$/);
  });

  it('gives every provider a topic of its own, apart from the events', () => {
    const topics = PROVIDERS.map((provider) => commandsTopic(provider.name));
    expect(new Set([...topics, EVENTS_TOPIC]).size).toBe(topics.length + 1);
    expect(commandsTopic('kaspi')).toBe('commands.kaspi');
    expect(EVENTS_TOPIC).toBe('events');
  });

  it('uses the currency of the country', () => {
    for (const { country, currency } of PROVIDERS) expect(currency).toBe({ KZ: 'KZT', RU: 'RUB' }[country]);
  });

  it('finds every provider by name and every method by type, with its provider', () => {
    for (const provider of PROVIDERS) expect(providerNamed(provider.name)).toBe(provider);
    for (const each of methods) expect(methodNamed(each.method.type)).toEqual(each);
  });

  it('finds nothing under a name that nobody has, not even one that every object has', () => {
    for (const name of ['', 'Kaspi', 'constructor', '__proto__']) {
      expect(providerNamed(name)).toBeUndefined();
      expect(methodNamed(name)).toBeUndefined();
    }
  });
});

describe.each(methods.map(({ method }) => [method.type, method] as const))('method %s', (type, method) => {
  it('has a type that fits into the command that starts it', () => {
    expect(paymentStart.produce.shape.method.safeParse(type).success).toBe(true);
    expect(type).toMatch(/^[a-z][a-z0-9_]*$/);
  });

  it('takes whole minor units up to a sum that is exact with two decimals', () => {
    expect(Number.isSafeInteger(method.maxAmountMinor)).toBe(true);
    expect(method.maxAmountMinor).toBeGreaterThan(0);
    expect((method.maxAmountMinor / 100).toFixed(2)).toBe(`${BigInt(method.maxAmountMinor) / 100n}.00`);
  });

  it('leaves its start between 1 and 60 seconds', () => {
    expect(method.startWithinMs).toBeGreaterThanOrEqual(1_000);
    expect(method.startWithinMs).toBeLessThanOrEqual(60_000);
  });

  it('seals and compares only fields that it has', () => {
    for (const name of [...(method.sealed ?? []), ...(method.oneInDoubt ?? [])])
      expect(method.fields).toHaveProperty(name);
  });

  it('has fields beside its type that form a schema', () => {
    expect(method.fields).not.toHaveProperty('type');
    expect(() => z.strictObject(method.fields)).not.toThrow();
  });
});

describe('a phone', () => {
  it.each(['+77011234567', '77011234567', '87011234567'])('written as %s is one and the same', (text) => {
    expect(phoneField.parse(text)).toBe('77011234567');
  });

  it.each(['7701123456', '770112345678', '97011234567', '+87011234567', '7 701 123 45 67', ''])(
    'is never guessed from %s',
    (text) => {
      expect(phoneField.safeParse(text).success).toBe(false);
    },
  );
});
