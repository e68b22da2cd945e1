import { useMemo } from 'preact/hooks';

/**
 * A section that can be folded. On a phone it is at first: what follows would be screens away. It
 * opens for a field that is not valid: a browser cannot show what is wrong with a hidden one.
 */
export function Fold({ title, children }) {
  const isOpen = useMemo(() => !matchMedia('(width < 48rem)').matches, []);
  return (
    <details
      class="fold"
      open={isOpen}
      onInvalidCapture={({ currentTarget }) => (currentTarget.open = true)}
    >
      <summary>
        <h3>{title}</h3>
      </summary>
      <div class="stack">{children}</div>
    </details>
  );
}
