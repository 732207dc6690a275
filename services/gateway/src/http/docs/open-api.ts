import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { z } from 'zod';
import { PublishedDocument } from './published-document.ts';

const DESCRIPTION = `One payment API for retail chains. Money is integer minor units (149000 KZT is 1 490.00 ₸), times are RFC 3339 in UTC,
ids are opaque and sort by time. Every POST that creates a resource or moves money needs an Idempotency-Key: repeat with the same value until you have an answer.
Mistakes are answered as application/problem+json (RFC 9457) with a stable code.`;

/** What every mistake is answered with. */
export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.string().describe('Stable; decide by it, never by the texts.'),
    request_id: z.string(),
    retryable: z.boolean().describe('Whether the same request may succeed later.'),
    errors: z
      .array(
        z.object({
          pointer: z.string().describe('JSON Pointer into the body, `?name` for a query parameter, or a header.'),
          code: z.string(),
          detail: z.string(),
        }),
      )
      .optional(),
    provider: z.object({ name: z.string(), code: z.string().nullable(), message: z.string().nullable() }).optional(),
    cashier_message: z.object({ ru: z.string(), kk: z.string(), en: z.string() }).optional(),
  })
  .meta({
    examples: [
      {
        type: '/docs#problem-tax_id_invalid',
        title: 'Unprocessable Entity',
        status: 422,
        detail: 'The control digit of this BIN is wrong: check for a mistyped digit.',
        code: 'tax_id_invalid',
        request_id: 'req_06dzkx3m0g7w1s8t2v4y5z6a7b',
        retryable: false,
        errors: [
          {
            pointer: '/tax_id',
            code: 'CONTROL_DIGIT',
            detail: 'The control digit of this BIN is wrong: check for a mistyped digit.',
          },
        ],
      },
    ],
  });

/** Builds the OpenAPI 3.1 document of every route of the application and hands it to those who show it. */
export function publishDocument(app: INestApplication): void {
  const config = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Tolem')
    .setDescription(DESCRIPTION)
    .setVersion('1')
    .setLicense('Apache-2.0', 'https://www.apache.org/licenses/LICENSE-2.0')
    .addBearerAuth(
      { type: 'http', scheme: 'bearer', description: '`tlm_test_…`, `tlm_live_…`, or the operator’s `tlm_op_…`' },
      'key',
    )
    .build();
  const document = SwaggerModule.createDocument(app, config, {
    standardSchemaConverter: (schema, { schemaType }) => ({ schema: jsonSchemaOf(schema, schemaType) }),
    autoTagControllers: false,
    operationIdFactory: (controller, method) => `${controller.replace(/Controller$/, '')}_${method}`,
  });
  app.get(PublishedDocument).document = withProblem(document);
}

function jsonSchemaOf(schema: unknown, io: 'input' | 'output'): unknown {
  if (!(schema instanceof z.ZodType)) throw new Error('a route is checked by something else than zod');
  const { $schema: _, ...rest } = z.toJSONSchema(schema, {
    target: 'draft-2020-12',
    io,
    unrepresentable: 'any',
    override: ({ jsonSchema }) => {
      // Answers may gain fields at any time; a client that was generated from this document must bear them.
      if (io === 'output' && jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
    },
  });
  return rest;
}

function withProblem(document: OpenAPIObject): OpenAPIObject {
  const schemas = {
    ...document.components?.schemas,
    Problem: jsonSchemaOf(problemSchema, 'output') as Record<string, never>,
  };
  return { ...document, components: { ...document.components, schemas } };
}
