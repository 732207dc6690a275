import { escapeHtml, isObject, type Json, listOf, textOf } from './html.ts';

/** Deeper than any shape of ours; a schema that refers to itself ends here. */
const MAX_DEPTH = 8;

/** A JSON schema as a nested list of fields. */
export function schemaHtml(schema: unknown, root: Json, depth = 0): string {
  const resolved = resolve(schema, root);
  if (resolved === undefined || depth > MAX_DEPTH) return '';
  const variants = [...listOf(resolved['anyOf']), ...listOf(resolved['oneOf'])].filter((variant) => !isNull(variant));
  if (variants.length > 0) {
    return variants
      .map((variant) => schemaHtml(variant, root, depth + 1))
      .join(variants.length > 1 ? '<p class="or">or</p>' : '');
  }
  if (isObject(resolved['items'])) return schemaHtml(resolved['items'], root, depth + 1);
  const properties = isObject(resolved['properties']) ? resolved['properties'] : undefined;
  if (properties === undefined) return depth === 0 ? `<p>${escapeHtml(typeText(resolved, root))}</p>` : '';
  const required = listOf(resolved['required']);
  const rows = Object.entries(properties).map(([name, property]) => {
    const inner = resolve(property, root) ?? {};
    const need = required.includes(name) ? '' : ' <i>optional</i>';
    return `<li><code>${escapeHtml(name)}</code> <span>${escapeHtml(typeText(inner, root))}</span>${need} ${escapeHtml(textOf(inner['description']))}${schemaHtml(inner, root, depth + 1)}</li>`;
  });
  return `<ul class="fields">${rows.join('')}</ul>`;
}

function resolve(schema: unknown, root: Json): Json | undefined {
  if (!isObject(schema)) return undefined;
  const reference = textOf(schema['$ref']);
  if (reference === '') return schema;
  const target = reference
    .replace(/^#\//, '')
    .split('/')
    .reduce<unknown>((value, key) => (isObject(value) ? value[key] : undefined), root);
  return isObject(target) ? target : undefined;
}

function isNull(schema: unknown): boolean {
  return isObject(schema) && schema['type'] === 'null';
}

/** `integer, 1 to 100`, `"KZ" or "RU"`, `list of text`, … */
function typeText(schema: Json, root: Json): string {
  const values = 'const' in schema ? [schema['const']] : listOf(schema['enum']);
  if (values.length > 0) return values.map((value) => JSON.stringify(value)).join(' or ');
  const variants = [...listOf(schema['anyOf']), ...listOf(schema['oneOf'])];
  if (variants.length > 0)
    return [...new Set(variants.map((variant) => typeText(resolve(variant, root) ?? {}, root)))].join(' or ');
  if (schema['type'] === 'array') return `list of ${typeText(resolve(schema['items'], root) ?? {}, root)}`;
  const type = Array.isArray(schema['type']) ? schema['type'].join(' or ') : textOf(schema['type']) || 'anything';
  return [type, ...limitsOf(schema)].join(', ');
}

function limitsOf(schema: Json): string[] {
  const limits: string[] = [];
  const { minimum, maximum, maxLength, format } = schema;
  if (typeof minimum === 'number' && minimum > Number.MIN_SAFE_INTEGER) limits.push(`from ${minimum}`);
  if (typeof maximum === 'number' && maximum < Number.MAX_SAFE_INTEGER) limits.push(`to ${maximum}`);
  if (typeof maxLength === 'number') limits.push(`at most ${maxLength} characters`);
  if (typeof format === 'string') limits.push(format);
  return limits;
}
