/**
 * What a page holds, as `measureMemory` tells it of a process.
 * @param {import('playwright-core').CDPSession} devTools of the page
 */
export async function measurePage(devTools) {
  await devTools.send('HeapProfiler.collectGarbage');
  const { usedSize } = await devTools.send('Runtime.getHeapUsage');
  const { result } = await devTools.send('Runtime.evaluate', {
    expression: 'WebAssembly.Memory.prototype',
  });
  const { objects } = await devTools.send('Runtime.queryObjects', {
    prototypeObjectId: result.objectId,
  });
  const { result: wasm } = await devTools.send('Runtime.callFunctionOn', {
    objectId: objects.objectId,
    functionDeclaration: `function () {
      return this.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
    }`,
  });
  await devTools.send('Runtime.releaseObject', { objectId: objects.objectId });
  return { heap: usedSize, wasm: wasm.value };
}
