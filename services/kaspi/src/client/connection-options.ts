/**
 * Settings of one connection that only this provider knows, as the public API takes them: flat, each a text. Host, port
 * and usually the prefix come with the address; the rest is here, because the bank sends it by letter and changes it.
 */
import { z } from 'zod';
import { KASPI_METHOD_NAMES, type KaspiMethod } from './methods.ts';

/** Versions of `payment/status` in circulation (seen in production); every other method has been seen as v01 only. */
export const KASPI_STATUS_VERSIONS = ['v01', 'v02', 'v04'] as const;
export type KaspiStatusVersion = (typeof KASPI_STATUS_VERSIONS)[number];

const version = z.string().regex(/^v\d{1,3}$/, 'must be a version such as v01');

/** `qr/create-link` is `qr_create_link_version`; `payment/status` has the shorter name that people use. */
function versionOption(method: KaspiMethod): string {
  return method === 'payment/status' ? 'status_version' : `${method.replace(/[/-]/g, '_')}_version`;
}

const methodVersions = Object.fromEntries(
  KASPI_METHOD_NAMES.map((method): [string, z.ZodType<string | null | undefined>] => [
    versionOption(method),
    method === 'payment/status' ? z.enum(KASPI_STATUS_VERSIONS).nullish() : version.nullish(),
  ]),
);

/**
 * `prefix`: path before the version, e.g. `/r3`; by default that of the address, else the scheme's name. `api_version`:
 * of all methods that have none of their own; by default that of the address, else v01. `status_version` and
 * `<method>_version`: of one method. Null is the same as absent.
 */
export const kaspiConnectionOptions = z.strictObject({
  ...methodVersions,
  prefix: z
    .string()
    .max(100)
    .regex(/^(\/[A-Za-z0-9_~-]+)+$/, 'must be a path such as /r3, without a slash at its end')
    .nullish(),
  api_version: version.nullish(),
});

export interface KaspiConnectionSettings {
  readonly prefix: string | undefined;
  readonly apiVersion: string | undefined;
  /** The version that the connection itself states for a method. */
  versionOf(method: KaspiMethod): string | undefined;
}

export type ConnectionOptionsResult =
  | { readonly ok: true; readonly settings: KaspiConnectionSettings }
  /** One sentence that names the first wrong field, for the person who set it. */
  | { readonly ok: false; readonly detail: string };

/** Reads the options of a connection; total. */
export function readConnectionOptions(options: unknown): ConnectionOptionsResult {
  const read = kaspiConnectionOptions.safeParse(options ?? {});
  if (!read.success) return { ok: false, detail: firstProblem(read.error) };
  const versions: ReadonlyMap<string, unknown> = new Map(Object.entries(read.data));
  return {
    ok: true,
    settings: {
      prefix: read.data.prefix ?? undefined,
      apiVersion: read.data.api_version ?? undefined,
      versionOf(method) {
        const stated = versions.get(versionOption(method));
        return typeof stated === 'string' ? stated : undefined;
      },
    },
  };
}

const MAX_NAME_CHARACTERS = 64;

function firstProblem(error: z.ZodError): string {
  const [issue] = error.issues;
  if (issue?.code === 'unrecognized_keys') {
    return `options.${String(issue.keys[0]).slice(0, MAX_NAME_CHARACTERS)} is no option of this provider`;
  }
  const name = ['options', ...(issue?.path ?? []).map(String)].join('.');
  return `${name}: ${issue?.message ?? 'unreadable'}`;
}
