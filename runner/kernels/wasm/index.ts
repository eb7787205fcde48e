// Entry of the kernels' WebAssembly module: what is exported here is callable from wasmKernels.ts.
export { convolveRows, combineRows } from './convolve';
