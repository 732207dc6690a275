import { z } from 'zod';
import { Answer } from '../../http/answer.ts';
import { DEFAULT_QR_SIZE, MAX_QR_SIZE, MIN_QR_SIZE, qrPng, qrSvg } from './qr-picture.ts';

export const qrSizeSchema = z.strictObject({
  size: z.coerce
    .number()
    .int()
    .min(MIN_QR_SIZE)
    .max(MAX_QR_SIZE)
    .default(DEFAULT_QR_SIZE)
    .describe('Pixels of one side.'),
});
export type QrSize = z.infer<typeof qrSizeSchema>;

export const QR_PROBLEMS = { 400: ['invalid_request'], 404: ['not_found', 'qr_not_available'] };

export function qrTextAnswer(content: string): Answer {
  return picture('text/plain; charset=utf-8', content);
}

export async function qrSvgAnswer(content: string, size: number): Promise<Answer> {
  return picture('image/svg+xml; charset=utf-8', await qrSvg(content, size));
}

export async function qrPngAnswer(content: string, size: number): Promise<Answer> {
  return picture('image/png', await qrPng(content, size));
}

/** What a buyer scans today takes no money tomorrow: nobody keeps the picture. */
function picture(contentType: string, body: string | Buffer): Answer {
  return new Answer(200, body, { 'content-type': contentType, 'cache-control': 'no-store' });
}
