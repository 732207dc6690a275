import type { OpenAPIObject } from '@nestjs/swagger';
import { PAGE_STYLE } from './page-style.ts';
import { schemaHtml } from './schema-html.ts';
import { escapeHtml, type Json, isObject, listOf, textOf } from './html.ts';

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];

interface DocumentedOperation {
  readonly method: string;
  readonly path: string;
  readonly about: Json;
}

/** The OpenAPI document as one page to read: no script, nothing loaded from anywhere. */
export function docsPage(document: OpenAPIObject): string {
  const root: Json = JSON.parse(JSON.stringify(document)) as Json;
  const info = isObject(root['info']) ? root['info'] : {};
  const operations = operationsOf(root);
  const tags = byTag(operations);
  const title = escapeHtml(textOf(info['title']));
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} API</title><style>${PAGE_STYLE}</style></head><body>
<nav><strong>${title}</strong>${[...tags].map(([tag, list]) => navHtml(tag, list)).join('')}<h3><a href="#Problems">Problems</a></h3><p><a href="/openapi.json">openapi.json</a></p></nav>
<main><h1>${title} API</h1>${paragraphs(textOf(info['description']))}
${[...tags].map(([tag, list]) => `<h2 id="${anchor(tag)}">${escapeHtml(tag)}</h2>${list.map((item) => operationHtml(item, root)).join('')}`).join('')}
${problemsHtml(operations)}
</main></body></html>`;
}

function operationsOf(root: Json): DocumentedOperation[] {
  const paths = isObject(root['paths']) ? root['paths'] : {};
  return Object.entries(paths).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const about = isObject(item) ? item[method] : undefined;
      return isObject(about) ? [{ method, path, about }] : [];
    }),
  );
}

function byTag(operations: readonly DocumentedOperation[]): Map<string, DocumentedOperation[]> {
  const tags = new Map<string, DocumentedOperation[]>();
  for (const operation of operations) {
    const tag = textOf(listOf(operation.about['tags'])[0]) || 'More';
    tags.set(tag, [...(tags.get(tag) ?? []), operation]);
  }
  return tags;
}

/** Every problem code with where it can come from; `type` of a problem document points here. */
function problemsHtml(operations: readonly DocumentedOperation[]): string {
  const places = new Map<string, string[]>();
  for (const { method, path, about } of operations) {
    for (const [status, response] of Object.entries(isObject(about['responses']) ? about['responses'] : {})) {
      const codes =
        isObject(response) && Number(status) >= 400 ? [...textOf(response['description']).matchAll(/`(\w+)`/g)] : [];
      for (const [, code = ''] of codes) {
        places.set(`${status} ${code}`, [
          ...(places.get(`${status} ${code}`) ?? []),
          `${method.toUpperCase()} ${path}`,
        ]);
      }
    }
  }
  const everywhere = operations.length / 2;
  const rows = [...places]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, list]) => {
      const [status = '', code = ''] = name.split(' ');
      const where = list.length > everywhere ? 'any call' : list.join(', ');
      return `<tr id="problem-${code}"><td>${status}</td><td><code>${code}</code></td><td>${escapeHtml(where)}</td></tr>`;
    });
  return `<h2 id="Problems">Problems</h2><table>${rows.join('')}</table>`;
}

function navHtml(tag: string, operations: readonly DocumentedOperation[]): string {
  const entries = operations.map(
    ({ method, path }) =>
      `<li><a href="#${anchor(`${method} ${path}`)}"><b class="${method}">${method}</b> ${escapeHtml(path)}</a></li>`,
  );
  return `<h3><a href="#${anchor(tag)}">${escapeHtml(tag)}</a></h3><ul>${entries.join('')}</ul>`;
}

function operationHtml({ method, path, about }: DocumentedOperation, root: Json): string {
  return `<section id="${anchor(`${method} ${path}`)}"><h3><b class="${method}">${method.toUpperCase()}</b> <code>${escapeHtml(path)}</code></h3>
<p>${escapeHtml(textOf(about['summary']))}</p>${paragraphs(textOf(about['description']))}
${parametersHtml(listOf(about['parameters']))}${bodyHtml(about['requestBody'], root)}${answersHtml(about['responses'], root)}</section>`;
}

function parametersHtml(parameters: readonly unknown[]): string {
  const rows = parameters.filter(isObject).map((parameter) => {
    const need = parameter['required'] === true ? 'required' : 'optional';
    return `<tr><td><code>${escapeHtml(textOf(parameter['name']))}</code></td><td>${escapeHtml(textOf(parameter['in']))}, ${need}</td><td>${escapeHtml(descriptionOf(parameter))}</td></tr>`;
  });
  return rows.length === 0 ? '' : `<h4>Parameters</h4><table>${rows.join('')}</table>`;
}

function descriptionOf(parameter: Json): string {
  const schema = isObject(parameter['schema']) ? parameter['schema'] : {};
  return textOf(parameter['description']) || textOf(schema['description']);
}

function bodyHtml(body: unknown, root: Json): string {
  const media = mediaOf(body);
  if (media === undefined) return '';
  return `<h4>Body</h4>${schemaHtml(media['schema'], root)}${examplesHtml(media)}`;
}

function answersHtml(responses: unknown, root: Json): string {
  if (!isObject(responses)) return '';
  const entries = Object.entries(responses).map(([status, response]) => {
    const media = mediaOf(response);
    const about = isObject(response) ? paragraphs(textOf(response['description'])) : '';
    if (media === undefined || Number(status) >= 400) return `<dt>${escapeHtml(status)}</dt><dd>${about}</dd>`;
    return `<dt>${escapeHtml(status)}</dt><dd>${about}<details><summary>Shape</summary>${schemaHtml(media['schema'], root)}</details>${examplesHtml(media)}</dd>`;
  });
  return `<h4>Answers</h4><dl>${entries.join('')}</dl>`;
}

function mediaOf(holder: unknown): Json | undefined {
  if (!isObject(holder) || !isObject(holder['content'])) return undefined;
  const first = Object.values(holder['content'])[0];
  return isObject(first) ? first : undefined;
}

function examplesHtml(media: Json): string {
  const named = isObject(media['examples']) ? Object.values(media['examples']).filter(isObject) : [];
  const examples = [media['example'], ...named.map((example) => example['value'])].filter(
    (example) => example !== undefined,
  );
  return examples.map((example) => `<pre>${escapeHtml(JSON.stringify(example, null, 2))}</pre>`).join('');
}

/** Text with `code` in backticks; an empty line parts paragraphs. Problem codes become places that a link can point at. */
function paragraphs(text: string): string {
  if (text === '') return '';
  return text
    .split(/\n\n+/)
    .map((part) => `<p>${escapeHtml(part).replaceAll(/`([^`]+)`/g, '<code>$1</code>')}</p>`)
    .join('');
}

function anchor(text: string): string {
  return escapeHtml(text.replaceAll(/[^A-Za-z0-9]+/g, '-'));
}
