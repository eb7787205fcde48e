import assert from 'node:assert/strict';
import { decodeMessage, encodeMessage } from '../../../runner/protocol/frames.ts';

describe('Messages on the line to the runner', () => {
  it('are JSON as long as they carry no bytes', () => {
    const message = { jsonrpc: '2.0', id: 3, result: { name: 'Gehirn – 脳', values: [1, 2] } };
    const frame = encodeMessage(message);
    assert.equal(new TextDecoder().decode(frame), JSON.stringify(message));
    assert.deepEqual(decodeMessage(frame), message);
  });

  it('carry bytes as they are, wherever the frame lies in its buffer, in a buffer of their own', () => {
    const bytes = Uint8Array.from({ length: 70_001 }, (_, i) => i * 31);
    for (const label of ['', 'a', 'ab', 'abc', 'abcdefg', '脳']) {
      const frame = encodeMessage({ jsonrpc: '2.0', id: 1, result: { label, bytes } });
      const padded = new Uint8Array(frame.length + 3);
      padded.set(frame, 3);
      const { result, ...rest } = decodeMessage(padded.subarray(3)) as { readonly result: { readonly label: string; readonly bytes: Uint8Array } };
      assert.deepEqual(rest, { jsonrpc: '2.0', id: 1 });
      assert.equal(result.label, label);
      assert.deepEqual(result.bytes, bytes);
      assert.deepEqual([result.bytes.byteOffset, result.bytes.buffer.byteLength], [0, bytes.length]);
      assert.ok(frame.length < bytes.length + 200);
    }
  });

  it('carry no bytes at all when there are none', () => {
    const { result } = decodeMessage(encodeMessage({ id: 1, result: { bytes: new Uint8Array(0) } })) as { readonly result: { readonly bytes: Uint8Array } };
    assert.equal(result.bytes.length, 0);
  });

  it('are refused when they are cut off', () => {
    const frame = encodeMessage({ id: 1, result: { bytes: Uint8Array.of(1, 2, 3) } });
    for (const length of [1, 4, 20]) assert.throws(() => decodeMessage(frame.subarray(0, length)));
    assert.throws(() => decodeMessage(new Uint8Array(0)));
  });
});
