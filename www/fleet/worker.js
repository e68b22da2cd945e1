import { expose } from 'comlink';
import { version } from 'iothub-device-client';

expose({ version: () => version });
