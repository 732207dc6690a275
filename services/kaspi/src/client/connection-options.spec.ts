import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { KASPI_STATUS_VERSIONS, readConnectionOptions } from './connection-options.ts';
import { KASPI_METHOD_NAMES } from './methods.ts';

function detail(options: unknown): string {
  const read = readConnectionOptions(options);
  return read.ok ? 'accepted' : read.detail;
}

describe('options of a connection', () => {
  it.each([undefined, null, {}, { prefix: null, api_version: null, status_version: null }])(
    '%j says nothing',
    (options) => {
      const read = readConnectionOptions(options);
      expect(read).toMatchObject({ ok: true, settings: { prefix: undefined, apiVersion: undefined } });
      if (!read.ok) return;
      for (const method of KASPI_METHOD_NAMES) expect(read.settings.versionOf(method)).toBeUndefined();
    },
  );

  it.each(KASPI_METHOD_NAMES.filter((method) => method !== 'payment/status'))(
    '%s may have a version of its own, which no other method takes over',
    (method) => {
      const read = readConnectionOptions({ [`${method.replaceAll('/', '_').replaceAll('-', '_')}_version`]: 'v07' });
      if (!read.ok) throw new Error(read.detail);
      const versions = KASPI_METHOD_NAMES.filter((name) => read.settings.versionOf(name) === 'v07');
      expect(versions).toEqual([method]);
    },
  );

  it.each(KASPI_STATUS_VERSIONS)('payment/status may be asked as %s', (version) => {
    const read = readConnectionOptions({ status_version: version });
    expect(read.ok ? read.settings.versionOf('payment/status') : read.detail).toBe(version);
  });

  it.each([
    [{ status_version: 'v03' }, /^options\.status_version: .*v01.*v02.*v04/],
    [{ status_version: 2 }, /^options\.status_version: /],
    [{ api_version: '1' }, /^options\.api_version: must be a version such as v01$/],
    [{ qr_create_version: 'latest' }, /^options\.qr_create_version: must be a version such as v01$/],
    [{ prefix: 'r3' }, /^options\.prefix: must be a path such as \/r3/],
    [{ prefix: '/r3/' }, /^options\.prefix: /],
    [{ prefix: '/../x' }, /^options\.prefix: /],
    [{ prefix: '/r3?x' }, /^options\.prefix: /],
    [{ statusVersion: 'v02' }, /^options\.statusVersion is no option of this provider$/],
    [{ payment_status_version: 'v02' }, /^options\.payment_status_version is no option of this provider$/],
    ['v02', /^options: /],
    [[], /^options: /],
  ])('%j is refused with one sentence that names the field', (options, sentence) => {
    expect(detail(options)).toMatch(sentence);
    expect(detail(options)).not.toMatch(/[\r\n]/);
  });

  it('no options make the reading throw', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (options) => {
        expect(typeof readConnectionOptions(options).ok).toBe('boolean');
      }),
    );
  });
});
