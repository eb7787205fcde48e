/** A refusal as Coiled words it. */
export class CoiledFailure extends Error {
  readonly status: number;
  readonly body: object;

  constructor(status: number, body: object) {
    super(JSON.stringify(body));
    this.status = status;
    this.body = body;
  }
}

export function notFound(what: string = 'Not found'): CoiledFailure {
  return new CoiledFailure(404, { detail: what });
}

export function badRequest(message: string, code: string = 'VALIDATION_ERROR'): CoiledFailure {
  return new CoiledFailure(400, { code, message });
}
