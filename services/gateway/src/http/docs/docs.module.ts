import { Module } from '@nestjs/common';
import { DocsController } from './docs.controller.ts';
import { PublishedDocument } from './published-document.ts';

@Module({ controllers: [DocsController], providers: [PublishedDocument], exports: [PublishedDocument] })
export class DocsModule {}
