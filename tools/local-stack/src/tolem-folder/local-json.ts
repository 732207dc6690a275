import { z } from 'zod';
import { readJsonFile, writeJsonFile } from './json-file.ts';

const url = z.url();
const id = z.int().positive();

/** Of a house of several processes: each of them, the stores, and where they log. */
export const stackSchema = z.strictObject({
  /** The process that started the others and ends them. */
  pid: id,
  /** Address of the API at each replica of the gateway. */
  gateways: z.array(url),
  processes: z.array(
    z.strictObject({
      name: z.string(),
      /** From 1 on. */
      replica: id,
      role: z.enum(['service', 'store', 'sandbox', 'proxy']),
      pid: id,
      /** Where /livez, /readyz and /metrics are; services only. */
      management: url.nullable(),
      log: z.string(),
    }),
  ),
  /** A superuser's address of the services' database. */
  database_admin_url: z.string(),
  /** `host:port` each. */
  brokers: z.array(z.string()),
  redis_url: z.string(),
  /** What calls to the bank leave through; left out where they leave directly. */
  egress_proxy: url.optional(),
  /** The folder of the logs of services and sandbox. */
  logs: z.string(),
});

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
  /** Where mode is `distributed`. */
  stack: stackSchema.optional(),
});

export type LocalJson = z.output<typeof localJsonSchema>;
export type StackJson = z.output<typeof stackSchema>;

/** Undefined when nothing serves. */
export const readLocalJson = (path: string): Promise<LocalJson | undefined> =>
  readJsonFile(path, localJsonSchema, 'stop what runs and start it again');

export const writeLocalJson = (path: string, local: LocalJson): Promise<void> =>
  writeJsonFile(path, localJsonSchema.parse(local));
