import { keptSignal } from './kept.js';

/**
 * Whether single characters are shortcuts: speech input types them by accident (WCAG 2.1.4 asks for
 * a way to turn them off).
 */
export const hasCharacterKeys = keptSignal('single-key-shortcuts', true);
