import { Injectable } from '@nestjs/common';
import type { OpenAPIObject } from '@nestjs/swagger';

/** The OpenAPI document of the running application; complete once every route is known, before the first request. */
@Injectable()
export class PublishedDocument {
  #document: OpenAPIObject | undefined;

  get document(): OpenAPIObject {
    if (this.#document === undefined) throw new Error('the OpenAPI document is not made yet');
    return this.#document;
  }

  set document(document: OpenAPIObject) {
    this.#document = document;
  }
}
