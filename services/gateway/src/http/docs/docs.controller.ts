import { Controller, Get } from '@nestjs/common';
import { Answer } from '../answer.ts';
import { Public } from '../requires.ts';
import { docsPage } from './docs-page.ts';
import { Operation } from './operation.ts';
import { PublishedDocument } from './published-document.ts';

/** The page carries its own style and nothing else: no script, no picture, nothing from outside. */
const PAGE_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

@Controller()
@Public()
export class DocsController {
  #page: string | undefined;

  constructor(private readonly published: PublishedDocument) {}

  @Get('openapi.json')
  @Operation({ tag: 'Documentation', summary: 'This document (OpenAPI 3.1)', open: true })
  openApi(): Answer {
    return new Answer(200, this.published.document, {
      'cache-control': 'no-cache',
      'access-control-allow-origin': '*',
    });
  }

  @Get('docs')
  @Operation({ tag: 'Documentation', summary: 'The API as a page to read', open: true, mediaType: 'text/html' })
  docs(): Answer {
    this.#page ??= docsPage(this.published.document);
    return new Answer(200, this.#page, {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-cache',
      'content-security-policy': PAGE_POLICY,
    });
  }
}
