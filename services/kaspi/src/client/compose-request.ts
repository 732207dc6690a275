import type { KaspiMethod } from './methods.ts';
import { ARGUMENT_FORMS, type RequestArgument, type RequestArguments } from './request-argument.ts';
import { KASPI_REQUEST_FIELDS, type KaspiSchemeName, type RequestField } from './schemes.ts';

export type ComposedRequest =
  | {
      readonly is: 'composed';
      /** Without the scheme prefix and the version, without a trailing slash. */
      readonly path: string;
      readonly query: Readonly<Record<string, string>> | undefined;
      /** JSON text; undefined where the method takes no body. */
      readonly body: string | undefined;
    }
  | { readonly is: 'malformed'; readonly arguments: readonly RequestArgument[] };

/** Writes one request as a scheme wants it. Arguments that the scheme's form does not carry are left out. */
export function composeRequest(scheme: KaspiSchemeName, method: KaspiMethod, given: RequestArguments): ComposedRequest {
  const carried = KASPI_REQUEST_FIELDS[method].filter((field) => field.schemes.includes(scheme));
  const malformed = carried.filter((field) => !isWellFormed(field, given[field.argument]));
  if (malformed.length > 0) return { is: 'malformed', arguments: malformed.map((field) => field.argument) };

  const written = carried.flatMap((field) => {
    const value = given[field.argument];
    return value === undefined ? [] : [{ field, value }];
  });
  const at = (place: RequestField['place']) => written.filter(({ field }) => field.place === place);
  const query = at('query').map(({ field, value }): [string, string] => [field.name, String(value)]);
  const body = at('body').map(({ field, value }): [string, unknown] => [
    field.name,
    field.asText === true ? String(value) : ARGUMENT_FORMS[field.argument].json(value),
  ]);
  return {
    is: 'composed',
    path: [method, ...at('path').map(({ value }) => String(value))].join('/'),
    query: query.length === 0 ? undefined : Object.fromEntries(query),
    body: body.length === 0 ? undefined : JSON.stringify(Object.fromEntries(body)),
  };
}

function isWellFormed(field: RequestField, value: string | number | undefined): boolean {
  return value === undefined ? !field.required : ARGUMENT_FORMS[field.argument].wellFormed(value);
}
