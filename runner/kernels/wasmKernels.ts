import { readFileSync } from 'node:fs';
import { assetPath } from '../assets.ts';

/** Functions of the SIMD module built from `wasm/`. Pointers are byte offsets into {@link WasmKernels.memory}. */
export interface KernelFunctions {
  readonly convolveRows: (src: number, dst: number, n: number, pitch: number, rows: number, weights: number, radius: number, line: number) => void;
  readonly combineRows: (sources: number, dst: number, length: number, weights: number, radius: number) => void;
}

/** Bytes below this offset belong to the module's own static data. */
const heapBase = 65536;
const pageBytes = 65536;
const alignment = 64;

/**
 * The SIMD kernels with their working memory: one instance a thread. Memory is handed out by {@link WasmKernels.reset} and
 * {@link WasmKernels.allocate} for the length of one synchronous call; nothing survives the next reset. WebAssembly memory
 * never shrinks, so callers keep what they allocate within a bound and work in slabs.
 */
export class WasmKernels {
  readonly functions: KernelFunctions;
  readonly memory: WebAssembly.Memory;
  private top = heapBase;

  constructor(module: WebAssembly.Module) {
    this.memory = new WebAssembly.Memory({ initial: 16, maximum: 65536, shared: true });
    const abort = (): never => { throw new Error('A WebAssembly kernel aborted.'); };
    this.functions = new WebAssembly.Instance(module, { env: { memory: this.memory, abort } }).exports as unknown as KernelFunctions;
  }

  /** Forgets all allocations. */
  reset(): void {
    this.top = heapBase;
  }

  /** Offset of `bytes` of memory, aligned to 64. Throws a RangeError when 4 GiB or the machine's memory are exceeded. */
  allocate(bytes: number): number {
    const offset = this.top;
    this.top = Math.ceil((offset + bytes) / alignment) * alignment;
    const missing = this.top + alignment - this.memory.buffer.byteLength;
    if (missing > 0) this.memory.grow(Math.ceil(missing / pageBytes));
    return offset;
  }

  /** Offset of a copy of `values` in memory. */
  allocateFloats(values: ArrayLike<number>): number {
    const offset = this.allocate(values.length * 4);
    this.floats(offset, values.length).set(values);
    return offset;
  }

  /** A view of memory. Take it after the last allocation: growing makes older views end too early. */
  floats(offset: number, length: number): Float32Array {
    return new Float32Array(this.memory.buffer, offset, length);
  }

  /** As {@link WasmKernels.floats}, of unsigned 32-bit integers. */
  integers(offset: number, length: number): Uint32Array {
    return new Uint32Array(this.memory.buffer, offset, length);
  }
}

let instance: WasmKernels | undefined;

/** The kernels of this thread, compiled on first use (a few milliseconds). Throws when the build's assets are missing. */
export function wasmKernels(): WasmKernels {
  instance ??= new WasmKernels(new WebAssembly.Module(readFileSync(assetPath('kernels.wasm'))));
  return instance;
}
