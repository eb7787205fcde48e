import type { Writable } from 'node:stream';
import { StreamMessageWriter } from 'vscode-jsonrpc/node';
import type { Message, ResponseMessage } from 'vscode-jsonrpc/node';
import { encodeMessage } from '../protocol/frames.ts';
import { hideSecrets } from '../protocol/knownSecrets.ts';

interface Awaited {
  readonly isIt: (answer: ResponseMessage) => boolean;
  readonly then: () => void;
}

const encoder = { name: 'application/json', encode: async (message: object): Promise<Uint8Array> => encodeMessage(message, hideSecrets) };

/** Writes messages, without secrets, and tells when an answer has left this process: what is to happen after it must not overtake it. */
export class AnswerWriter extends StreamMessageWriter {
  readonly #awaited = new Set<Awaited>();

  constructor(stream: Writable) {
    super(stream, { contentTypeEncoder: encoder });
  }

  override async write(message: Message): Promise<void> {
    const found = isAnswer(message) ? [...this.#awaited].find(({ isIt }) => isIt(message)) : undefined;
    try {
      await super.write(message);
    } finally {
      // Also when the line is gone: nothing can be waited for any more.
      if (found !== undefined) {
        this.#awaited.delete(found);
        found.then();
      }
    }
  }

  /** Calls `then` once the first answer for which `isIt` holds is written, or cannot be written any more. */
  after(isIt: (answer: ResponseMessage) => boolean, then: () => void): void {
    this.#awaited.add({ isIt, then });
  }
}

function isAnswer(message: Message): message is ResponseMessage {
  return 'id' in message && ('result' in message || 'error' in message);
}
