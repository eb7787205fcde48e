import { errorDocument, element } from '../s3/xml.ts';

/** An answer that is an error, in the form of Google's JSON API; its XML API has codes of its own. */
export class GcsFailure extends Error {
  readonly status: number;
  /** `notFound`, `required`, `conditionNotMet` … */
  readonly reason: string;
  readonly details: FailureDetails;

  constructor(status: number, reason: string, message: string, details: FailureDetails = {}) {
    super(message);
    this.status = status;
    this.reason = reason;
    this.details = details;
  }
}

interface FailureDetails {
  /** What of the request is wrong: `Authorization`, `If-Match`. */
  readonly location?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Of the XML API; left out: made of the status. */
  readonly code?: string;
}

/** How an error is told: as JSON, as plain text where content was asked for, and as XML by the XML API. */
export type FailureForm = 'json' | 'text' | 'xml';

export function failureBody(failure: GcsFailure, form: FailureForm): { readonly type: string; readonly body: string } {
  const { status, reason, message, details } = failure;
  if (form === 'text') return { type: 'text/html; charset=UTF-8', body: message };
  if (form === 'xml') {
    const code = details.code ?? xmlCodes[status] ?? 'InternalError';
    return { type: 'application/xml; charset=UTF-8', body: errorDocument([element('Code', code), element('Message', message), element('Details', message)]) };
  }
  const place = details.location === undefined ? {} : { locationType: details.location === 'Authorization' || details.location.startsWith('If-') ? 'header' : 'parameter', location: details.location };
  return { type: 'application/json; charset=UTF-8', body: JSON.stringify({ error: { code: status, message, errors: [{ message, domain: 'global', reason, ...place }] } }) };
}

const xmlCodes: Readonly<Record<number, string>> = { 400: 'InvalidArgument', 401: 'AuthenticationRequired', 403: 'AccessDenied', 404: 'NoSuchKey', 412: 'PreconditionFailed', 416: 'InvalidRange', 429: 'SlowDown', 500: 'InternalError', 503: 'ServiceUnavailable' };

export function preconditionFailed(): GcsFailure {
  return new GcsFailure(412, 'conditionNotMet', 'At least one of the pre-conditions you specified did not hold.', { location: 'If-Match' });
}
