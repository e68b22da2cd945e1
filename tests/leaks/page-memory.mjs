/**
 * The WebAssembly memories of a page or worker, for `measurePage`. Call this while the page is
 * idle: Chromium 156 sometimes crashes when a busy worker is searched.
 * @param {import('playwright-core').CDPSession} devTools of the page
 * @returns {Promise<string>} of an array, its `objectId` in the DevTools protocol
 */
export async function findMemories(devTools) {
  const { result } = await devTools.send('Runtime.evaluate', {
    expression: 'WebAssembly.Memory.prototype',
  });
  const { objects } = await devTools.send('Runtime.queryObjects', {
    prototypeObjectId: result.objectId,
  });
  return objects.objectId;
}

/**
 * The memory of a page, in bytes: `heap` and `wasm` as `measureMemory` returns them for a process,
 * and `outside` for objects of scripts that are in neither, such as buffers and sockets.
 * @param {import('playwright-core').CDPSession} devTools of the page
 * @param {string} memories as `findMemories` returned them
 */
export async function measurePage(devTools, memories) {
  await devTools.send('HeapProfiler.collectGarbage');
  const usage = await devTools.send('Runtime.getHeapUsage');
  const { result: wasm } = await devTools.send('Runtime.callFunctionOn', {
    objectId: memories,
    functionDeclaration: `function () {
      return this.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
    }`,
  });
  const outside = usage.embedderHeapUsedSize + usage.backingStorageSize;
  return { heap: usage.usedSize, outside, wasm: wasm.value };
}
