import { render } from 'preact';

render(<p>Simulator</p>, document.body);
