import { z } from 'zod';
import { readJsonFile, writeJsonFile } from './json-file.ts';

const url = z.url();

/**
 * What runs on this machine, for programs that want to talk to it: `.tolem/local.json`. Written with mode 0600 when
 * everything serves, removed at a clean stop. What is not built yet is null.
 */
export const localJsonSchema = z.strictObject({
  mode: z.enum(['embedded', 'distributed']),
  gateway: url,
  docs: url,
  operator_key: z.string(),
  tenant: z.string().startsWith('ten_'),
  /** A test key with all scopes. */
  api_key: z.string().startsWith('tlm_test_'),
  organization: z.string().startsWith('org_'),
  desk: z.string(),
  /** The certificate that every Kaspi scheme 3 connection shares. */
  certificate: z.string().startsWith('crt_'),
  ru: z.strictObject({ organization: z.string(), desk: z.string(), cash_register: z.string() }).nullable(),
  sandbox: z.strictObject({
    control: url,
    kaspi: z.strictObject({ r1: url.nullable(), r2: url.nullable(), r3: url.nullable() }),
    smartpay: url.nullable(),
    koshelek: url.nullable(),
    smart_cashier: url.nullable(),
    tls: z.strictObject({ ca: z.string(), cert: z.string(), key: z.string() }),
  }),
});

export type LocalJson = z.output<typeof localJsonSchema>;

/** Undefined when nothing serves. */
export const readLocalJson = (path: string): Promise<LocalJson | undefined> =>
  readJsonFile(path, localJsonSchema, 'stop "npm start" and start it again');

export const writeLocalJson = (path: string, local: LocalJson): Promise<void> =>
  writeJsonFile(path, localJsonSchema.parse(local));
