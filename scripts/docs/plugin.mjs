/** Names each page of the guide by its heading, and links to the documentation of the core. */
import { Converter, JSX } from 'typedoc';

/** @param {import('typedoc').Application} app */
export function load(app) {
  app.converter.on(Converter.EVENT_CREATE_DOCUMENT, (_, document) => {
    [, document.name] = /^# (.*)$/m.exec(document.content[0].text);
  });
  app.renderer.hooks.on('sidebar.begin', ({ relativeURL }) => {
    const href = relativeURL('core/iothub_device_client/index.html');
    return JSX.createElement('p', null, JSX.createElement('a', { href }, 'The core, in Rust'));
  });
}
