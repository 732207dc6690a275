import { readFileSync, statSync } from 'node:fs';
import { ConfigurationError } from './config-error.ts';
import type { ConfigurationMistake } from './config-error.ts';
import type { EnvField } from './config-field.ts';
import { MASK } from './mask-properties.ts';
import { scrubText } from './scrub-text.ts';

export type ConfigFields = Record<string, EnvField<unknown>>;
export type ConfigOf<F extends ConfigFields> = { readonly [K in keyof F]: F[K] extends EnvField<infer T> ? T : never };
export type Environment = Readonly<Record<string, string | undefined>>;

/** One line of the table of a service's variables. */
export interface ConfigRow {
  variable: string;
  describe: string;
  /** Empty for required and for optional variables. */
  default: string;
  required: boolean;
  secret: boolean;
}

export interface ConfigDefinition<F extends ConfigFields> {
  readonly fields: F;
  /** @throws ConfigurationError that names every mistake. */
  load(environment: Environment): ConfigOf<F>;
  /** Variables that are set, unknown and spelled almost like one of these. */
  hints(environment: Environment): string[];
  /** The table for the docs, in the order of definition. */
  describe(): ConfigRow[];
  /** The values by variable for printing at start, secrets masked. */
  masked(config: ConfigOf<F>): Record<string, unknown>;
}

/** Larger files are refused: a secret or a certificate chain is smaller. */
const MAX_FILE_BYTES = 256 * 1024;

/**
 * The configuration of a service, declared once:
 *
 * ```ts
 * export const gatewayConfig = defineConfig({
 *   port: env('TOLEM_GATEWAY_PORT', wholeNumber({ min: 0, max: 65535 }), { default: 8080, describe: 'TCP port of the API' }),
 *   masterKey: env('TOLEM_MASTER_KEY', plainText(), { secret: true, describe: '32 bytes in base64' }),
 * });
 * const config = gatewayConfig.load(process.env);
 * ```
 */
export function defineConfig<F extends ConfigFields>(fields: F): ConfigDefinition<F> {
  const variables = Object.values(fields).map((field) => field.variable);
  const twice = variables.find((variable, at) => variables.indexOf(variable) !== at);
  if (twice !== undefined) throw new TypeError(`${twice} is declared twice`);

  const hints = (environment: Environment): string[] => hintsFor(variables, environment);
  return {
    fields,
    hints,
    load(environment) {
      const mistakes: ConfigurationMistake[] = [];
      const values = Object.entries(fields).map(([name, field]): [string, unknown] => {
        const result = readField(field, environment);
        if (result.ok) return [name, result.value];
        mistakes.push({ variable: result.variable, problem: result.problem, expected: field.describe });
        return [name, undefined];
      });
      if (mistakes.length > 0) throw new ConfigurationError(mistakes, hints(environment));
      // Every field was read through its own schema just above.
      return Object.freeze(Object.fromEntries(values)) as ConfigOf<F>;
    },
    describe() {
      return Object.values(fields).map((field) => ({
        variable: field.variable,
        describe: field.describe,
        default: field.defaultLabel,
        required: field.required,
        secret: field.secret,
      }));
    },
    masked(config) {
      const secrets = Object.entries(fields).filter(([, field]) => field.secret);
      const shown = maskConfig(config, new Set(secrets.map(([name]) => name)));
      return Object.fromEntries(Object.entries(fields).map(([name, field]) => [field.variable, shown[name]]));
    },
  };
}

/** A copy for printing: values under `secretKeys` become `***` when they are set, passwords in addresses are masked. */
export function maskConfig(config: object, secretKeys: ReadonlySet<string>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(config).map(([key, value]: [string, unknown]) => {
      if (value === undefined || value === '') return [key, value];
      if (secretKeys.has(key)) return [key, MASK];
      return [key, typeof value === 'string' ? scrubText(value) : value];
    }),
  );
}

type FieldResult = { ok: true; value: unknown } | { ok: false; variable: string; problem: string };

function readField(field: EnvField<unknown>, environment: Environment): FieldResult {
  const text = textOf(field.variable, environment);
  if (!text.ok) return text;
  if (text.value === undefined) {
    if (field.required) return { ok: false, variable: field.variable, problem: 'is not set' };
    return { ok: true, value: field.fallback };
  }
  const parsed = field.schema.safeParse(text.value);
  if (parsed.success) return { ok: true, value: parsed.data };
  // The messages of a schema may quote the value.
  const problem = field.secret
    ? 'does not have the right form (the value is secret and not shown)'
    : `${JSON.stringify(scrubText(text.value.slice(0, 100)))} ${parsed.error.issues.map((issue) => issue.message).join('; ')}`;
  return { ok: false, variable: text.variable, problem };
}

type TextResult =
  { ok: true; variable: string; value: string | undefined } | { ok: false; variable: string; problem: string };

function textOf(variable: string, environment: Environment): TextResult {
  const fileVariable = `${variable}_FILE`;
  const direct = environment[variable];
  const path = environment[fileVariable];
  const isSet = (value: string | undefined): value is string => value !== undefined && value !== '';
  if (!isSet(path)) return { ok: true, variable, value: isSet(direct) ? direct : undefined };
  if (isSet(direct)) {
    return { ok: false, variable, problem: `is set, and ${fileVariable} too; only one of them may be` };
  }
  try {
    if (statSync(path).size > MAX_FILE_BYTES) {
      return { ok: false, variable: fileVariable, problem: `the file ${path} is larger than ${MAX_FILE_BYTES} bytes` };
    }
    const content = readFileSync(path, 'utf8').trim();
    if (content !== '') return { ok: true, variable: fileVariable, value: content };
    return { ok: false, variable: fileVariable, problem: `the file ${path} is empty` };
  } catch (error) {
    const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : 'unknown error';
    return { ok: false, variable: fileVariable, problem: `the file ${path} cannot be read (${code})` };
  }
}

function hintsFor(variables: readonly string[], environment: Environment): string[] {
  const known = new Set(variables.flatMap((variable) => [variable, `${variable}_FILE`]));
  return Object.keys(environment)
    .filter((variable) => variable.startsWith('TOLEM_') && variable.length <= 100 && !known.has(variable))
    .flatMap((variable) => {
      // A variable of another service may be close to one of ours that is set; then there is nothing to hint at.
      const near = [...known].find((name) => environment[name] === undefined && isAlmost(variable, name));
      return near === undefined ? [] : [`${variable} is not known; did you mean ${near}?`];
    });
}

/** At most two letters missing, extra or different. */
function isAlmost(one: string, other: string): boolean {
  if (Math.abs(one.length - other.length) > 2) return false;
  let previous = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (let row = 1; row <= one.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= other.length; column += 1) {
      const substituted = (previous[column - 1] ?? 0) + (one[row - 1] === other[column - 1] ? 0 : 1);
      current.push(Math.min(substituted, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return (previous[other.length] ?? Infinity) <= 2;
}
