import type { FailureBody } from '../../servers/faultProxy.ts';

/** An error as Azure Blob Storage answers it. */
export const azureFailureBody: FailureBody = ({ code, message = code }) => ({
  headers: { 'content-type': 'application/xml', 'x-ms-error-code': code, 'x-ms-request-id': '00000000-0000-0000-0000-000000000000' },
  body: `<?xml version="1.0" encoding="utf-8"?>\n<Error><Code>${code}</Code><Message>${message}\nRequestId:00000000-0000-0000-0000-000000000000</Message></Error>`,
});
