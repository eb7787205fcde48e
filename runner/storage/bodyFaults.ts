/** A body that ended before its announced length. */
export class TruncatedBody extends Error {
  constructor(received: number, expected: number) {
    super(`The answer ended after ${received} of ${expected} bytes`);
    this.name = 'TruncatedBody';
  }
}

/** The object was replaced between two parts of one read. */
export class ChangedObject extends Error {
  constructor() {
    super('The object changed while it was read');
    this.name = 'ChangedObject';
  }
}
