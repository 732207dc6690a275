import { Injectable, type PipeTransform } from '@nestjs/common';
import { type IdPrefix, uuidFromId } from '@tolem/domain';
import { notFound } from './api-problem.ts';

/** Turns a public id of the path into its UUID; what is no id of this kind cannot exist, hence 404. */
@Injectable()
export class IdPipe implements PipeTransform<string, string> {
  constructor(
    private readonly prefix: IdPrefix,
    private readonly what: string,
  ) {}

  transform(value: string): string {
    const uuid = uuidFromId(this.prefix, value);
    if (uuid === undefined) throw notFound(this.what);
    return uuid;
  }
}
