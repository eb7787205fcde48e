/**
 * How messages are written on the line between windows and the runner: as JSON; an answer that has a field `bytes` at the
 * top of its result carries those bytes behind the JSON, as they are. Base64 inside of the JSON would take a third more
 * room, and several times as long on both sides.
 *
 * Such a frame is one zero byte (no JSON begins with it), the length of the JSON as four bytes, least first, the JSON
 * itself, spaces, and from a multiple of eight on the bytes.
 */
const mark = 0;
const headBytes = 5;

interface Answer {
  readonly result: Readonly<Record<string, unknown>> & { readonly bytes: Uint8Array };
}

/** Writes a message, its JSON as `edit` makes it. */
export function encodeMessage(message: object, edit: (json: string) => string = (json) => json): Uint8Array {
  if (!carriesBytes(message)) return new TextEncoder().encode(edit(JSON.stringify(message)));
  const { bytes, ...rest } = message.result;
  const json = new TextEncoder().encode(edit(JSON.stringify({ ...message, result: rest })));
  const start = Math.ceil((headBytes + json.length) / 8) * 8;
  const frame = new Uint8Array(start + bytes.length);
  frame[0] = mark;
  new DataView(frame.buffer).setUint32(1, json.length, true);
  frame.set(json, headBytes);
  frame.set(bytes, start);
  return frame;
}

/** Reads a message. Bytes are copied out, so that they lie in a buffer of their own. Throws for what is no message. */
export function decodeMessage(frame: Uint8Array): object {
  if (frame[0] !== mark) return JSON.parse(new TextDecoder().decode(frame)) as object;
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const end = headBytes + (frame.length < headBytes ? Infinity : view.getUint32(1, true));
  if (end > frame.length) throw new RangeError('A message is cut off.');
  const message = JSON.parse(new TextDecoder().decode(frame.subarray(headBytes, end))) as { readonly result?: object };
  return { ...message, result: { ...message.result, bytes: Uint8Array.from(frame.subarray(Math.ceil(end / 8) * 8)) } };
}

function carriesBytes(message: object): message is Answer {
  if (!('result' in message) || typeof message.result !== 'object' || message.result === null || !('bytes' in message.result)) return false;
  return message.result.bytes instanceof Uint8Array;
}

/** Encoder and decoder in the form that the library of the line takes. */
export const messageEncoder = { name: 'application/json', encode: async (message: object): Promise<Uint8Array> => encodeMessage(message) };
export const messageDecoder = {
  name: 'application/json',
  decode: async <M>(frame: Uint8Array): Promise<M> => decodeMessage(frame) as M,
};
